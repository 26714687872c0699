#include "connection.hpp"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "loquat/observability/trace_context.hpp"

namespace loquat::websocket {
namespace {

constexpr auto kGoodbyeTime = std::chrono::seconds(3);
constexpr std::size_t kReadBytes = 4096;
constexpr std::size_t kWriteBytes = 64U << 10U;
constexpr std::size_t kEntriesMax = 256;

EndReason reason_of(wire::CloseCode code) {
  using enum wire::CloseCode;
  switch (code) {
    case going_away:
      return EndReason::going_away;
    case policy:
    case too_big:
      return EndReason::policy;
    case overloaded:
      return EndReason::overloaded;
    case token:
      return EndReason::token;
    case role:
      return EndReason::role;
    case no_such_session:
      return EndReason::session;
    case heartbeat:
      return EndReason::heartbeat;
    case too_slow:
      return EndReason::slow;
  }
  return EndReason::policy;
}

}  // namespace

Connection::Connection(boost::asio::any_io_executor executor, const WebSocketConfig& config,
                       Ports& ports, std::unique_ptr<net::Stream> stream, Admitted admitted)
    : executor_(executor),
      config_(config),
      ports_(ports),
      stream_(std::move(stream)),
      admitted_(std::move(admitted)),
      fsm_({config.heartbeat_interval}, admitted_.principal.expires_at),
      group_(executor, "websocket", ports.telemetry),
      queued_(executor),
      room_(executor),
      moved_(executor),
      ended_(executor) {}

LogState Connection::log_state() const {
  const auto& log = *admitted_.log;
  return {std::string(log.epoch()), log.first_seq(), log.last_seq()};
}

contracts::RequestContext Connection::new_context() const {
  auto& sources = ports_.routes.ports().sources;
  contracts::RequestContext context;
  context.request_id = make_id("req", sources);
  context.trace_id = observability::new_trace(sources.random).trace_id;
  return context;
}

std::size_t Connection::half_queue() const noexcept {
  return static_cast<std::size_t>(config_.max_queue_bytes) / 2;
}

void Connection::push(std::string frame, bool is_entry) {
  queue_.push(std::move(frame), is_entry);
  queued_.notify_all();
}

void Connection::finish(EndReason reason) {
  if (is_finished_) return;
  is_finished_ = true;
  if (!is_closing_) reason_ = reason;
  ended_.notify_all();
}

void Connection::close_with(std::uint16_t code, std::string_view reason) {
  if (is_closing_) return;
  is_closing_ = true;
  close_deadline_ = Clock::now() + kGoodbyeTime;
  queue_.drop_entries();  // they are found again by their seq
  push(net::close_frame(code, reason), false);
  room_.notify_all();
  moved_.notify_all();
  ended_.notify_all();
}

void Connection::end(wire::CloseCode code, std::string_view reason) {
  if (!is_closing_) reason_ = reason_of(code);
  close_with(static_cast<std::uint16_t>(code), reason);
}

Task<void> Connection::run(std::string early) {
  // Control frames first: the queue holds them before any task runs.
  auto greeting = fsm_.begin(admitted_.place, log_state(), Clock::now());
  co_await perform_all(std::move(greeting));
  group_.spawn("websocket.read", read_loop(std::move(early)));
  group_.spawn("websocket.follow", follow_loop());
  group_.spawn("websocket.write", write_loop());
  group_.spawn("websocket.tick", tick_loop());
  while (!is_finished_ && Clock::now() < close_deadline_)
    co_await ended_.wait_until(close_deadline_);
  stream_->close();
  co_await group_.close();
  ports_.telemetry.emit(ConnectionEnded{reason_});
}

Task<void> Connection::read_loop(std::string early) {
  net::WsReader reader(static_cast<std::size_t>(config_.max_message_bytes));
  reader.feed(early);
  std::string bytes(kReadBytes, '\0');
  for (bool goes_on = true; goes_on;) {
    auto event = reader.next();
    if (event.kind != net::WsReader::Kind::need_more) {
      goes_on = co_await on_event(std::move(event));
      continue;
    }
    const auto got = co_await stream_->read_some(bytes.data(), bytes.size(), runtime::kNever);
    if (!got || *got == 0) {
      finish(EndReason::lost);
      break;
    }
    fsm_.heard(Clock::now());
    reader.feed(std::string_view(bytes).substr(0, *got));
  }
  is_peer_done_ = true;
  if (is_close_sent_) finish(EndReason::client);
}

Task<bool> Connection::on_event(net::WsReader::Event event) {
  using Kind = net::WsReader::Kind;
  switch (event.kind) {
    case Kind::message:
      if (is_closing_) break;
      if (event.opcode != net::WsOpcode::text) {
        send(ConnectionFsm::error(fail(Errc::invalid_request, "Frames are text.")));
        break;
      }
      co_await perform_all(fsm_.on_frame(event.payload, log_state()));
      break;
    case Kind::ping: {
      std::string pong;
      net::append_frame(pong, net::WsOpcode::pong, event.payload);
      if (!is_closing_ && queue_.bytes() < half_queue()) push(std::move(pong), false);
      break;
    }
    case Kind::close:
      if (!is_closing_) reason_ = EndReason::client;
      close_with(event.code, "");
      co_return false;
    case Kind::failed:
      if (!is_closing_) reason_ = EndReason::policy;
      close_with(event.code, "the frame breaks the protocol or a limit");
      co_return false;
    case Kind::pong:
    case Kind::need_more:
      break;
  }
  co_return true;
}

Task<void> Connection::follow_loop() {
  using namespace boost::asio::experimental::awaitable_operators;
  const auto log = admitted_.log;
  const std::size_t batch_bytes = std::min(kWriteBytes, half_queue() / 2);
  while (!is_closing_) {
    if (cursor_ >= log->last_seq()) {
      if (log->is_closed())
        co_return end(wire::CloseCode::no_such_session, "the session has ended");
      co_await (log->wait(cursor_) || moved_.wait());
      continue;
    }
    if (queue_.bytes() >= half_queue()) {
      const bool has_moved = co_await room_.wait_until(Clock::now() + config_.stall_timeout);
      if (!has_moved) co_return end(wire::CloseCode::too_slow, "too slow; resume by seq");
      continue;
    }
    const auto moves = moves_;
    const auto entries = co_await log->read(cursor_, kEntriesMax, batch_bytes);
    if (moves != moves_ || is_closing_) continue;
    if (!entries) {
      if (entries.error().code != Errc::not_found)
        co_return end(wire::to_close_code(entries.error().code), "the log cannot be read");
      co_await perform_all(fsm_.on_lost_place(log_state()));
      continue;
    }
    for (const auto& entry : *entries) {
      std::string frame;
      frame.reserve(entry.bytes->size() + 10);
      net::append_frame(frame, net::WsOpcode::text, *entry.bytes);
      push(std::move(frame), true);
      cursor_ = entry.seq;
    }
  }
}

Task<void> Connection::write_loop() {
  for (;;) {
    while (queue_.empty()) {
      if (is_closing_) {
        is_close_sent_ = true;
        if (is_peer_done_) finish(EndReason::client);
        co_return;
      }
      co_await queued_.wait();
    }
    const auto bytes = queue_.take(kWriteBytes);
    const auto written = co_await stream_->write(bytes, runtime::kNever);
    if (!written) co_return finish(EndReason::lost);
    room_.notify_all();
  }
}

Task<void> Connection::tick_loop() {
  const auto& wall = ports_.routes.ports().sources.wall;
  while (!is_closing_) {
    const auto now = Clock::now();
    co_await runtime::sleep_until(fsm_.next_tick(now, wall.now()));
    const auto* keys = ports_.routes.ports().api_keys;
    if (keys != nullptr && !keys->still_stands(admitted_.principal))
      co_return end(wire::CloseCode::token, "the key was revoked");
    co_await perform_all(fsm_.on_tick(Clock::now(), wall.now()));
  }
}

void Connection::send(Action action) {
  if (is_closing_) return;
  if (auto* text = std::get_if<SendText>(&action)) {
    std::string frame;
    net::append_frame(frame, net::WsOpcode::text, text->text);
    push(std::move(frame), false);
  } else if (std::holds_alternative<SendPing>(action)) {
    std::string frame;
    net::append_frame(frame, net::WsOpcode::ping, "");
    push(std::move(frame), false);
  } else if (const auto* move = std::get_if<MoveCursor>(&action)) {
    queue_.drop_entries();
    cursor_ = move->after;
    ++moves_;
    moved_.notify_all();
    room_.notify_all();
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

Task<Result<void>> Connection::admit(security::Right right, std::string action) {
  auto& ports = ports_.routes.ports();
  const auto& principal = admitted_.principal;
  const auto wait =
      ports.limiter.take(principal.tenant_id + "\x1f" + principal.user_id, Clock::now());
  if (wait) co_return fail(Errc::rate_limited, "Too many requests; wait a little.");
  const bool is_allowed = security::may(principal, right);
  security::Access access;
  access.principal = principal;
  access.context = new_context();
  access.action = std::move(action);
  access.resource_type = "session";
  access.resource_id = admitted_.session_id;
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
  const auto admitted = co_await admit(security::Right::ask, "message.create");
  if (!admitted) co_return send(ConnectionFsm::error(admitted.error(), client_id));
  contracts::TurnRequest request;
  request.principal = admitted_.principal;
  request.context = new_context();
  request.session_id = admitted_.session_id;
  request.text = std::move(submit.content);
  request.refine = submit.refine;
  request.client_id = client_id;
  request.deadline = Clock::now() + ports_.routes.ports().request_budget;
  const auto accepted = co_await ports_.conversations.submit(std::move(request));
  if (!accepted) co_return send(ConnectionFsm::error(accepted.error(), client_id));
  send(ConnectionFsm::ack(client_id, accepted->message_id, accepted->seq));
}

Task<void> Connection::perform(CancelTurn cancel) {
  const auto admitted = co_await admit(security::Right::ask, "message.cancel");
  if (!admitted) co_return send(ConnectionFsm::error(admitted.error()));
  const auto done = co_await ports_.conversations.cancel(admitted_.principal, admitted_.session_id,
                                                         std::move(cancel.message_id));
  if (!done) send(ConnectionFsm::error(done.error()));
}

Task<void> Connection::perform(GiveFeedback feedback) {
  const auto client_id = feedback.client_id;
  if (ports_.feedback == nullptr)
    co_return send(ConnectionFsm::error(fail(Errc::unavailable, "Feedback is not taken here.")));
  const auto admitted = co_await admit(security::Right::respond, "feedback.submit");
  if (!admitted) co_return send(ConnectionFsm::error(admitted.error(), client_id));
  auto context = new_context();
  const auto receipt = co_await ports_.feedback->submit(
      admitted_.principal, std::move(context), admitted_.session_id, std::move(feedback.body));
  if (!receipt) co_return send(ConnectionFsm::error(receipt.error(), client_id));
  send(ConnectionFsm::receipt(client_id, *receipt));
}

Task<void> Connection::perform(SetMode mode) {
  if (ports_.modes == nullptr)
    co_return send(ConnectionFsm::error(fail(Errc::unavailable, "Modes are not kept here.")));
  const auto admitted = co_await admit(security::Right::ask, "copilot.set_mode");
  if (!admitted) co_return send(ConnectionFsm::error(admitted.error()));
  const auto done = co_await ports_.modes->set_mode(admitted_.principal, std::move(mode.mode));
  if (!done) send(ConnectionFsm::error(done.error()));
}

}  // namespace loquat::websocket
