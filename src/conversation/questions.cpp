#include "service.hpp"

/// What readers ask of turns: a question taken, an answer waited for, a turn cancelled.
namespace loquat::conversation {

using contracts::Accepted;
using contracts::Principal;
using contracts::Task;

Task<Result<Accepted>> Service::submit(contracts::TurnRequest request) {
  if (is_stopping_) co_return fail(Errc::overloaded, "The service is stopping.");
  if (request.text.empty() || request.text.size() > config_.message_max_bytes)
    co_return Error{
        Errc::invalid_request,
        "The question is empty or too long.",
        {{"/message", "must have 1 to " + std::to_string(config_.message_max_bytes) + " bytes"}}};
  auto found = co_await find(request.principal, request.session_id);
  if (!found) co_return found.error();
  SessionPtr session = *found;
  if (request.client_id) {
    auto repeated = co_await repeat_of(session, request);
    if (!repeated) co_return repeated.error();
    if (*repeated) co_return std::move(**repeated);
  }
  if (session->is_removed) co_return fail(Errc::not_found, "There is no such session.");
  auto turn = std::make_shared<Turn>();
  turn->message_id = make_id("msg", ports_.sources);
  turn->text_hash = request.text;
  turn->request = std::move(request);
  if (turn->request.context.trace_id.empty())
    turn->request.context.trace_id = make_hex(16, ports_.sources.random);
  turn->accepted = Clock::now();
  turn->accepted_at = ports_.sources.wall.now();
  // Before anything is kept: who is refused later has an answer that says so.
  const runtime::FairGate::Claim claim{turn->request.principal.tenant_id,
                                       turn->request.principal.user_id};
  if (auto refusal = slots_.refusal(claim)) co_return std::move(*refusal);
  const auto admission = session->queue.admit(turn->message_id);
  if (admission == TurnQueue::Admission::refused)
    co_return fail(Errc::overloaded, "This session has a question running and " +
                                         std::to_string(config_.waiting_turns_max) + " waiting.");
  remember(session, turn);
  ++session->info.message_count;
  session->info.last_active_at = turn->accepted_at;
  const std::uint64_t seq = append(
      session, turn.get(), wire::MessageEntry{turn->request.text, "user", turn->request.client_id});
  turn->asked_at = seq;
  if (admission == TurnQueue::Admission::runs)
    start_turn(session, turn);
  else
    append(session, turn.get(), wire::StatusEntry{"queued", "orchestrator"});
  co_return Accepted{turn->message_id, seq, false};
}

/// The same `client_id` is the same question, however long ago. Its answer was made for the role of
/// that time.
Task<Result<std::optional<Accepted>>> Service::repeat_of(SessionPtr session,
                                                         const contracts::TurnRequest& request) {
  const auto conflict = fail(Errc::conflict, "This client_id came before with another question.");
  std::optional<contracts::SessionStore::MessageRecord> old;
  if (!session->by_client_id.contains(*request.client_id)) {
    contracts::SessionStore::Question question{std::nullopt, request.client_id};
    auto stored = co_await find_old(session, std::move(question));
    if (stored) old = std::move(*stored);
  }
  const auto known = session->by_client_id.find(*request.client_id);
  if (known == session->by_client_id.end() && !old) co_return std::optional<Accepted>();
  if (const auto allowed = may_read(request.principal, *session); !allowed)
    co_return allowed.error();
  if (known != session->by_client_id.end()) {
    const TurnPtr& turn = session->turns.at(known->second);
    if (turn->text_hash != request.text) co_return conflict;
    co_return std::optional<Accepted>(Accepted{turn->message_id, turn->asked_at, true});
  }
  if (old->content != request.text) co_return conflict;
  co_return std::optional<Accepted>(Accepted{old->message_id, session->log.first_seq(), true});
}

Task<Result<std::shared_ptr<const wire::Answer>>> Service::answer(Principal principal,
                                                                  std::string session_id,
                                                                  std::string message_id) {
  auto found = co_await find(principal, session_id);
  if (!found) co_return found.error();
  SessionPtr session = *found;
  // Only of an answer that was there before: what he asks now is masked by what he may now.
  const auto known = session->turns.find(message_id);
  if (known == session->turns.end()) {
    contracts::SessionStore::Question question{message_id, std::nullopt};
    auto old = co_await find_old(session, std::move(question));
    if (!old) co_return old.error();
    auto answer = *old ? decode_answer((*old)->answer_json) : nullptr;
    if (!answer) co_return fail(Errc::not_found, "There is no such message.");
    co_return answer;
  }
  TurnPtr turn = known->second;
  while (!turn->answer) {
    if (session->is_closed) co_return fail(Errc::not_found, "The session was ended.");
    co_await session->answered.wait();
  }
  co_await writer_.flush();
  co_return turn->answer;
}

Task<Result<void>> Service::cancel(Principal principal, std::string session_id,
                                   std::optional<std::string> message_id) {
  auto found = co_await find(principal, session_id);
  if (!found) co_return found.error();
  SessionPtr session = *found;
  if (message_id && !session->turns.contains(*message_id)) {
    contracts::SessionStore::Question question{message_id, std::nullopt};
    const auto old = co_await find_old(session, std::move(question));
    if (!old) co_return old.error();
    if (*old) co_return Result<void>{};  // it ended long ago
    co_return fail(Errc::not_found, "There is no such message.");
  }
  const std::optional<std::string> id = message_id ? message_id : session->queue.running();
  if (!id) co_return Result<void>{};
  switch (session->queue.cancel(id)) {
    case TurnQueue::Cancelled::unknown:
      break;
    case TurnQueue::Cancelled::waiting:
      finish_waiting(session, session->turns.at(*id),
                     fail(Errc::cancelled, "Cancelled by the user."));
      break;
    case TurnQueue::Cancelled::running: {
      TurnPtr turn = session->turns.at(*id);
      turn->stopped = fail(Errc::cancelled, "Cancelled by the user.");
      turn->stop_waiting.emit(boost::asio::cancellation_type::terminal);
    }
  }
  co_return Result<void>{};
}

}  // namespace loquat::conversation
