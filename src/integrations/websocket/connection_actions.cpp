#include "connection.hpp"
#include "loquat/observability/trace_context.hpp"

/// What a client's frames ask for.
namespace loquat::websocket {

contracts::RequestContext Connection::new_context() const {
  auto& sources = site_.ports.routes.ports().sources;
  contracts::RequestContext context;
  context.request_id = make_id("req", sources);
  context.trace_id = observability::new_trace(sources.random).trace_id;
  return context;
}

void Connection::send(Action action) {
  if (is_closing_) return;
  if (auto* text = std::get_if<SendText>(&action)) {
    queue_.push(site_.frames.text_frame(text->text, window_bits()));
  } else if (std::holds_alternative<SendPing>(action)) {
    std::string frame;
    net::append_frame(frame, net::WsOpcode::ping, "");
    queue_.push(std::move(frame));
  } else if (const auto* move = std::get_if<MoveCursor>(&action)) {
    queue_.drop_entries();
    cursor_ = move->after;
    ++moves_;
    full_since_ = runtime::kNever;
    catch_up();
  } else if (const auto* close = std::get_if<Close>(&action)) {
    end(close->code, close->reason);
  }
  // A peer that asks and never reads must not fill the queue with our answers to him.
  if (queue_.bytes() > 2 * half_queue() && !is_closing_)
    end(wire::CloseCode::too_slow, "too slow; resume by seq");
}

Task<void> Connection::perform_all(Actions actions) {
  for (auto& action : actions) {
    if (is_closing_) co_return;
    if (auto* submit = std::get_if<Submit>(&action)) {
      co_await perform(std::move(*submit));
    } else if (auto* cancel = std::get_if<CancelTurn>(&action)) {
      co_await perform(std::move(*cancel));
    } else if (auto* feedback = std::get_if<GiveFeedback>(&action)) {
      co_await perform(std::move(*feedback));
    } else if (auto* mode = std::get_if<SetMode>(&action)) {
      co_await perform(std::move(*mode));
    } else {
      send(std::move(action));
    }
  }
}

Task<Result<void>> Connection::admit(security::Right right, std::string action,
                                     contracts::RequestContext context, std::string response_id) {
  auto& ports = site_.ports.routes.ports();
  const auto& principal = admitted_.principal;
  const bool has_expired =
      principal.expires_at && *principal.expires_at <= ports.sources.wall.now();
  if (has_expired || (ports.api_keys != nullptr && !ports.api_keys->still_stands(principal))) {
    end(wire::CloseCode::token, has_expired ? "the token has expired" : "the key was revoked");
    co_return fail(Errc::unauthorized, "the token has ended");
  }
  const auto wait = ports.limiter.take(principal.tenant_id, principal.user_id, Clock::now());
  if (wait) co_return fail(Errc::rate_limited, "Too many requests; wait a little.");
  const bool is_allowed = security::may(principal, right);
  security::Access access;
  access.principal = principal;
  access.context = std::move(context);
  access.action = std::move(action);
  access.resource_type = response_id.empty() ? "session" : "response";
  access.resource_id = response_id.empty() ? admitted_.session_id : std::move(response_id);
  access.outcome = is_allowed ? wire::AuditOutcome::allowed : wire::AuditOutcome::denied;
  if (!is_allowed) access.reason = "needs the role " + std::string(security::least_role(right));
  const auto kept = co_await ports.auditor.record(std::move(access));
  if (!kept) co_return kept.error();
  if (!is_allowed)
    co_return fail(Errc::forbidden,
                   "This needs the role " + std::string(security::least_role(right)) + ".");
  co_return Result<void>();
}

Task<void> Connection::perform(Submit submit) {
  const auto client_id = submit.client_id;
  if (const auto busy = site_.ports.routes.shed(degradation::Work::fresh))
    co_return send(ConnectionFsm::error(*busy, client_id));
  contracts::TurnRequest request;
  request.context = new_context();
  const auto admitted = co_await admit(security::Right::ask, "message.create", request.context, "");
  if (!admitted) co_return send(ConnectionFsm::error(admitted.error(), client_id));
  request.principal = admitted_.principal;
  request.session_id = admitted_.session_id;
  request.text = std::move(submit.content);
  request.refine = submit.refine;
  request.client_id = client_id;
  request.deadline = Clock::now() + site_.ports.routes.ports().request_budget;
  const auto accepted = co_await site_.ports.conversations.submit(std::move(request));
  if (!accepted) co_return send(ConnectionFsm::error(accepted.error(), client_id));
  send(ConnectionFsm::ack(client_id, accepted->message_id, accepted->seq));
}

Task<void> Connection::perform(CancelTurn cancel) {
  const auto admitted = co_await admit(security::Right::ask, "message.cancel", new_context(), "");
  if (!admitted) co_return send(ConnectionFsm::error(admitted.error()));
  const auto done = co_await site_.ports.conversations.cancel(
      admitted_.principal, admitted_.session_id, std::move(cancel.message_id));
  if (!done) send(ConnectionFsm::error(done.error()));
}

Task<void> Connection::perform(GiveFeedback feedback) {
  const auto client_id = feedback.client_id;
  if (site_.ports.feedback == nullptr)
    co_return send(ConnectionFsm::error(fail(Errc::unavailable, "Feedback is not taken here.")));
  const auto named = wire::parse_json(feedback.body);
  std::string response_id = named ? edge::plain_member(*named, "response_id") : std::string();
  auto context = new_context();
  const auto admitted =
      co_await admit(security::Right::respond, "feedback.submit", context, std::move(response_id));
  if (!admitted) co_return send(ConnectionFsm::error(admitted.error(), client_id));
  const auto receipt = co_await site_.ports.feedback->submit(
      admitted_.principal, std::move(context), admitted_.session_id, std::move(feedback.body));
  if (!receipt) co_return send(ConnectionFsm::error(receipt.error(), client_id));
  send(ConnectionFsm::receipt(client_id, *receipt));
}

Task<void> Connection::perform(SetMode mode) {
  if (site_.ports.modes == nullptr)
    co_return send(ConnectionFsm::error(fail(Errc::unavailable, "Modes are not kept here.")));
  const auto admitted = co_await admit(security::Right::ask, "copilot.set_mode", new_context(), "");
  if (!admitted) co_return send(ConnectionFsm::error(admitted.error()));
  const auto done = co_await site_.ports.modes->set_mode(admitted_.principal, std::move(mode.mode));
  if (!done) send(ConnectionFsm::error(done.error()));
}

}  // namespace loquat::websocket
