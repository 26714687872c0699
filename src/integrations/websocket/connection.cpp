#include "connection.hpp"

#include <algorithm>

namespace loquat::websocket {
namespace {

constexpr auto kGoodbyeTime = std::chrono::seconds(3);
constexpr std::size_t kReadBytes = 4096;
constexpr std::size_t kWriteBytes = 64U << 10U;
constexpr std::size_t kSlowWriteBytes = 16U
                                        << 10U;  ///< what a slow peer must take to show progress
constexpr std::size_t kEntriesARead = 256;

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

Connection::Connection(Site& site, std::unique_ptr<net::Stream> stream, Admitted admitted)
    : site_(site),
      stream_(std::move(stream)),
      admitted_(std::move(admitted)),
      fsm_({site.config.heartbeat_interval}, admitted_.principal.expires_at),
      reader_(static_cast<std::size_t>(site.config.max_message_bytes),
              admitted_.deflate ? std::optional(admitted_.deflate->client_bits) : std::nullopt),
      frames_left_(site.config.frames_burst),
      frames_at_(Clock::now()) {}

LogState Connection::log_state() const {
  const auto& log = *admitted_.log;
  return {std::string(log.epoch()), log.first_seq(), log.last_seq()};
}

std::size_t Connection::half_queue() const noexcept {
  return static_cast<std::size_t>(site_.config.max_queue_bytes) / 2;
}

int Connection::window_bits() const noexcept {
  return admitted_.deflate ? admitted_.deflate->server_bits : 0;
}

// ---- in

void Connection::greet() {
  auto greeting = fsm_.begin(admitted_.place, log_state(), Clock::now());
  for (auto& action : greeting) send(std::move(action));
  flush();
  plan(Clock::now());
}

Task<void> Connection::run(std::string early) {
  const auto self = shared_from_this();
  struct Forgetting {  // also where something throws: the schedule knows us by address
    Connection& connection;
    explicit Forgetting(Connection& of) : connection(of) {}
    Forgetting(const Forgetting&) = delete;
    Forgetting& operator=(const Forgetting&) = delete;
    ~Forgetting() {
      connection.site_.schedule.forget(connection);
      connection.stream_->close();
    }
  };
  const Forgetting forgetting(*this);
  reader_.feed(early);
  for (bool goes_on = true; goes_on && !is_finished_;) {
    auto event = reader_.next();
    count_frames();
    if (event.kind != net::WsReader::Kind::need_more) {
      goes_on = co_await on_event(std::move(event));
      flush();
      continue;
    }
    const auto has_input = co_await stream_->wait_input(runtime::kNever);
    if (!has_input) break;
    const auto bytes = std::make_unique<char[]>(kReadBytes);  // not before there is something
    const auto got = co_await stream_->read_some(bytes.get(), kReadBytes, runtime::kNever);
    if (!got || *got == 0) break;
    fsm_.heard(Clock::now());
    if (!is_deaf_) reader_.feed({bytes.get(), *got});
  }
  is_peer_done_ = true;
  if (!is_closing_) finish(EndReason::lost);
  flush();
  // The peer may still be taking our goodbye: the schedule ends that wait.
  while (!is_finished_) {
    if (!over_) over_ = std::make_unique<runtime::Notification>(site_.executor);
    co_await over_->wait();
  }
  site_.ports.telemetry.emit(ConnectionEnded{reason_});
}

void Connection::count_frames() {
  const auto fresh = reader_.frames() - frames_counted_;
  const auto& config = site_.config;
  if (fresh == 0 || is_deaf_ || config.frames_per_second <= 0) return;
  frames_counted_ += fresh;
  const auto now = Clock::now();
  const std::chrono::duration<double> passed = now - std::exchange(frames_at_, now);
  frames_left_ =
      std::min(config.frames_burst, frames_left_ + passed.count() * config.frames_per_second) -
      static_cast<double>(fresh);
  if (frames_left_ >= 0) return;
  is_deaf_ = true;  // what else he sends is read and dropped, so that our goodbye arrives
  end(wire::CloseCode::policy, "too many frames");
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
      if (!is_closing_ && !is_full()) queue_.push(std::move(pong));
      break;
    }
    case Kind::close:
      if (!is_closing_) reason_ = EndReason::client;
      close_with(event.code, "");
      co_return false;
    case Kind::failed:
      // Read on without listening: closing with unread bytes would reset the connection and take
      // our goodbye with it.
      is_deaf_ = true;
      if (!is_closing_) reason_ = EndReason::policy;
      close_with(event.code, "the frame breaks the protocol or a limit");
      break;
    case Kind::pong:
    case Kind::need_more:
      break;
  }
  co_return true;
}

// ---- out

void Connection::flush() {
  std::string joined;
  while (!is_writing_ && !queue_.empty() && !is_finished_) {
    const auto bytes = queue_.next(kWriteBytes, joined);
    const auto size = bytes.size();
    const auto sent = stream_->try_write(bytes);
    if (!sent) return finish(EndReason::lost);
    queue_.wrote(*sent);
    if (*sent == size) continue;
    is_writing_ = true;
    site_.tasks.spawn("websocket.write", write_rest(shared_from_this()));
  }
  if (is_writing_ || !queue_.empty()) return;
  full_since_ = runtime::kNever;
  if (is_closing_ && is_peer_done_) finish(EndReason::client);
  if (is_closing_ && is_deaf_ && !is_finished_) stream_->shutdown_send();
}

/// For peers that do not take everything at once.
Task<void> Connection::write_rest(std::shared_ptr<Connection> self) {
  static_cast<void>(self);
  std::string joined;
  while (!queue_.empty() && !is_finished_) {
    const auto bytes = queue_.next(kSlowWriteBytes, joined);
    const auto size = bytes.size();
    const auto written = co_await stream_->write(bytes, runtime::kNever);
    if (!written) co_return finish(EndReason::lost);
    queue_.wrote(size);
    full_since_ = runtime::kNever;
    catch_up();
  }
  is_writing_ = false;
  flush();
}

void Connection::take(Chunk& chunk) {
  queue_.push(window_bits() == 0 ? chunk.plain : site_.frames.packed(chunk, window_bits()),
              chunk.first);
  cursor_ = chunk.last;
  flush();
}

void Connection::offer(Chunk& chunk) {
  if (is_closing_ || is_reading_log_ || chunk.first != cursor_ + 1 || is_full()) return;
  if (!admitted_.log->may_read()) return;  // catch_up says so
  take(chunk);
}

void Connection::catch_up() {
  const auto& log = *admitted_.log;
  if (is_closing_ || is_reading_log_) return;
  if (cursor_ >= log.last_seq()) {
    if (log.is_closed()) end(wire::CloseCode::no_such_session, "the session has ended");
    return;
  }
  if (is_full() && full_since_ == runtime::kNever) {
    full_since_ = Clock::now();
    plan(full_since_);
  }
  if (is_full()) return;  // write_rest comes back when there is room
  is_reading_log_ = true;
  site_.tasks.spawn("websocket.catch_up", read_log(shared_from_this()));
}

Task<void> Connection::read_log(std::shared_ptr<Connection> self) {
  static_cast<void>(self);
  const auto log = admitted_.log;
  const std::size_t batch_bytes = std::min(kWriteBytes, half_queue() / 2);
  while (!is_closing_ && cursor_ < log->last_seq() && !is_full()) {
    const auto moves = moves_;
    auto entries = co_await log->read(cursor_, kEntriesARead, batch_bytes);
    if (moves != moves_ || is_closing_) continue;
    if (entries) {
      Chunk chunk = site_.frames.make(std::move(*entries));
      take(chunk);
    } else if (entries.error().code == Errc::not_found) {
      LogState state = log_state();
      state.first_seq = log->next_kept(cursor_);
      for (auto& action : fsm_.on_lost_place(state)) send(std::move(action));
      flush();
    } else {
      end(wire::to_close_code(entries.error().code), "the log cannot be read");
    }
  }
  is_reading_log_ = false;
  catch_up();  // says what is left to be said: full, or the log has ended
}

// ---- time and end

void Connection::plan(Time now) {
  if (is_finished_) return;
  if (is_closing_) return site_.schedule.wake(*this, close_deadline_);
  auto at = fsm_.next_tick(now, site_.ports.routes.ports().sources.wall.now());
  if (full_since_ != runtime::kNever) at = std::min(at, full_since_ + site_.config.stall_timeout);
  site_.schedule.wake(*this, at);
}

void Connection::on_time(Time now) {
  if (is_closing_) return finish(EndReason::lost);
  if (full_since_ != runtime::kNever && now - full_since_ >= site_.config.stall_timeout)
    return end(wire::CloseCode::too_slow, "too slow; resume by seq");
  const auto& shared = site_.ports.routes.ports();
  if (shared.api_keys != nullptr && !shared.api_keys->still_stands(admitted_.principal))
    return end(wire::CloseCode::token, "the key was revoked");
  const auto wall = shared.sources.wall.now();
  for (auto& action : fsm_.on_tick(now, wall)) send(std::move(action));
  flush();
  plan(now);
}

void Connection::take_entries_back() {
  if (const auto first = queue_.drop_entries()) cursor_ = *first - 1;
}

void Connection::close_with(std::uint16_t code, std::string_view reason) {
  if (is_closing_) return;
  is_closing_ = true;
  close_deadline_ = Clock::now() + kGoodbyeTime;
  take_entries_back();
  queue_.push(net::close_frame(code, reason));
  plan(Clock::now());
  flush();
}

void Connection::end(wire::CloseCode code, std::string_view reason) {
  if (is_closing_) return;
  reason_ = reason_of(code);
  close_with(static_cast<std::uint16_t>(code), reason);
}

void Connection::send_away(std::chrono::milliseconds retry_in) {
  if (is_closing_) return;
  take_entries_back();
  end(wire::CloseCode::going_away, "going away; resume after=" + std::to_string(cursor_) +
                                       " retry_ms=" + std::to_string(retry_in.count()));
}

void Connection::finish(EndReason reason) {
  if (is_finished_) return;
  is_finished_ = true;
  if (!is_closing_) reason_ = reason;
  is_closing_ = true;
  site_.schedule.forget(*this);
  stream_->close();
  if (over_) over_->notify_all();
}

}  // namespace loquat::websocket
