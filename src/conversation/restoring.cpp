#include "service.hpp"

/// Sessions that come back from the store.
namespace loquat::conversation {

using contracts::Principal;
using contracts::SessionRecord;
using contracts::Task;

namespace {
constexpr std::size_t kPage = 200;
constexpr std::size_t kAnswersAtOnce = 16;  // each may hold thousands of rows
}  // namespace

struct Service::Loading {
  Loading(runtime::Executor executor, Principal who, std::string session)
      : principal(std::move(who)), session_id(std::move(session)), done(std::move(executor)) {}
  Principal principal;
  std::string session_id;
  std::optional<Result<SessionPtr>> outcome;  ///< a null session: there is none
  runtime::Notification done;

  [[nodiscard]] std::string name() const {
    return principal.tenant_id + '\x1f' + principal.user_id + '\x1f' + session_id;
  }
};

Task<Result<Service::SessionPtr>> Service::load(Principal principal, std::string session_id) {
  if (is_stopping_) co_return fail(Errc::overloaded, "The service is stopping.");
  if (!has_room_for(principal))
    co_return fail(Errc::overloaded, "Too many sessions are in use; try again shortly.");
  auto loading =
      std::make_shared<Loading>(ports_.executor, std::move(principal), std::move(session_id));
  const auto [known, is_first] = loading_.emplace(loading->name(), loading);
  loading = known->second;
  // A task of its own: whoever asked first may go away in the middle.
  if (is_first) log_tasks_.spawn("load session", load_for(loading));
  while (!loading->outcome) co_await loading->done.wait();
  co_return *loading->outcome;
}

Task<void> Service::load_for(std::shared_ptr<Loading> loading) {
  struct Ending {  // also of one that is cancelled
    Service& service;
    Loading& loading;
    Ending(Service& of, Loading& one) : service(of), loading(one) {}
    Ending(const Ending&) = delete;
    Ending& operator=(const Ending&) = delete;
    ~Ending() {
      if (!loading.outcome) loading.outcome.emplace(fail(Errc::cancelled, "The service stops."));
      loading.done.notify_all();
      service.loading_.erase(loading.name());
    }
  };
  const Ending ending(*this, *loading);
  auto stored =
      co_await ports_.store.find_session(loading->principal.tenant_id, loading->session_id);
  if (!stored) {
    loading->outcome.emplace(stored.error());
  } else if (!*stored || (*stored)->info.user_id != loading->principal.user_id) {
    loading->outcome.emplace(SessionPtr());
  } else {
    auto restored = co_await restore(std::move(**stored));
    loading->outcome.emplace(std::move(restored));
  }
}

Task<Result<Service::SessionPtr>> Service::restore(SessionRecord record) {
  // The record is saved less often than entries: the entries know the true end.
  std::uint64_t last = 0;
  LogTail tail;
  std::uint64_t after = record.last_seq > kPage ? record.last_seq - kPage : 0;
  for (;;) {
    auto entries = co_await ports_.store.read_entries(record.info.session_id, after, kPage);
    if (!entries) co_return entries.error();
    if (entries->empty()) break;
    for (const auto& entry : *entries) tail.take(entry);
    last = entries->back().seq;
    after = last;
  }
  const bool is_tail_lost = last < record.last_seq;
  if (is_tail_lost) record.epoch = make_hex(8, ports_.sources.random);
  const std::string id = record.info.session_id;
  LogBuffer log(log_limits(), id, record.epoch, std::max(last, record.last_seq));
  // It may have been made here while the store was asked.
  if (const auto known = sessions_.find(id); known != sessions_.end()) co_return known->second;
  auto session = std::make_shared<Session>(ports_.executor, std::move(record.info), std::move(log),
                                           config_.waiting_turns_max);
  if (auto restored = co_await restore_turns(session, std::move(tail)); !restored)
    co_return restored.error();
  adopt(session);
  if (is_tail_lost) co_await save(session);
  co_return session;
}

Task<Result<std::optional<contracts::SessionStore::MessageRecord>>> Service::find_old(
    SessionPtr session, contracts::SessionStore::Question question) {
  using Found = std::optional<contracts::SessionStore::MessageRecord>;
  // While memory has them all there is nothing to look for.
  if (!session->has_older_turns) co_return Found{};
  co_return co_await ports_.store.find_message(session->info.tenant_id, session->info.session_id,
                                               std::move(question));
}

void Service::restore_unrecorded(const SessionPtr& session, const LogTail& tail) {
  // In the order they were asked in.
  std::map<std::uint64_t, const std::pair<const std::string, LogTail::Question>*> by_seq;
  for (const auto& question : tail.open()) by_seq[question.second.seq] = &question;
  for (const auto& [seq, question] : by_seq) {
    if (session->turns.contains(question->first)) continue;
    auto turn = std::make_shared<Turn>();
    turn->message_id = question->first;
    turn->request.session_id = session->info.session_id;
    turn->request.text = question->second.content;
    turn->request.client_id = question->second.client_id;
    turn->asked_at = seq;
    turn->request.principal.tenant_id = session->info.tenant_id;
    turn->request.principal.user_id = session->info.user_id;
    turn->text_hash = turn->request.text;
    turn->accepted_at = session->info.last_active_at;
    remember(session, turn);
    finish_waiting(session, turn, fail(Errc::cancelled, "The service was restarted."));
  }
}

Task<Result<void>> Service::restore_turns(SessionPtr session, LogTail tail) {
  std::string cursor;
  do {
    auto page = co_await ports_.store.list_messages(
        session->info.tenant_id, session->info.session_id, cursor, kAnswersAtOnce);
    if (!page) co_return page.error();
    for (auto& record : page->items) {
      if (session->turns.contains(record.message_id)) continue;
      auto turn = std::make_shared<Turn>();
      turn->message_id = record.message_id;
      turn->request.session_id = record.session_id;
      turn->request.text = std::move(record.content);
      turn->request.client_id = record.client_id;
      turn->asked_at = tail.asked_at(record.message_id).value_or(session->log.first_seq());
      turn->request.principal.tenant_id = record.tenant_id;
      turn->request.principal.user_id = record.user_id;
      turn->text_hash = turn->request.text;
      turn->accepted_at = record.created_at;
      turn->answer = decode_answer(record.answer_json);
      turn->answer_bytes = record.answer_json.size();
      note_personal(*session, *turn);
      if (!record.query_json.empty())
        if (auto last = agents::decode_last_query(record.query_json))
          session->last_query = std::move(*last);
      remember(session, turn);
      // Its end was shown, but the process died before the record of it was kept.
      if (!turn->answer) turn->answer = decode_answer(tail.answer_of(record.message_id));
      // The process ended in the middle of this answer: it says so, once.
      if (record.answer_json.empty() && !turn->answer)
        finish_waiting(session, turn, fail(Errc::cancelled, "The service was restarted."));
    }
    cursor = page->next_cursor;
  } while (!cursor.empty());
  restore_unrecorded(session, tail);
  co_return Result<void>{};
}

}  // namespace loquat::conversation
