#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <charconv>

#include "bodies.hpp"
#include "groups.hpp"
#include "loquat/runtime/task.hpp"

/// The session log by SSE and by long-poll: readers of the same cursor as the WebSocket's.
namespace loquat::api {
namespace {

constexpr std::size_t kBatchBytes = 256U << 10U;
constexpr std::size_t kEntriesMax = 256;
constexpr std::int64_t kWaitMsMax = 30'000;
constexpr std::uint64_t kRetryMsMin = 500, kRetryMsSpan = 1000;
constexpr std::int64_t kDrainSpread = 4;  ///< after a drain readers come back over seconds

Error past_the_end(std::uint64_t last) {
  Error error = fail(Errc::invalid_request, "after is beyond the log.");
  error.fields.push_back(
      {"/query/after", "is beyond the last seq, which is " + std::to_string(last)});
  return error;
}

Result<std::optional<std::uint64_t>> read_seq(std::optional<std::string_view> text,
                                              std::string_view name) {
  if (!text || text->empty()) return std::optional<std::uint64_t>();
  std::uint64_t seq = 0;
  const auto [end, ec] = std::from_chars(text->data(), text->data() + text->size(), seq);
  if (ec == std::errc() && end == text->data() + text->size()) return std::optional(seq);
  Error error = fail(Errc::invalid_request, "A seq is malformed.");
  error.fields.push_back({"/query/" + std::string(name), "must be a whole number from 0"});
  return error;
}

/// Where one reader stands. Pure.
struct Cursor {
  std::uint64_t after = 0;
  std::optional<GapBody> gap;  ///< owed before the next entry

  static Result<Cursor> open(std::optional<std::uint64_t> after, const std::string& epoch,
                             const contracts::SessionLog& log, std::uint64_t absent) {
    Cursor cursor;
    cursor.after = after.value_or(absent);
    if (!epoch.empty() && epoch != log.epoch()) {
      cursor.after = 0;
      cursor.lose(log);
      return cursor;
    }
    if (cursor.after > log.last_seq()) return past_the_end(log.last_seq());
    if (cursor.after + 1 < log.first_seq()) cursor.lose(log);
    return cursor;
  }
  void lose(const contracts::SessionLog& log) {
    gap = GapBody{log.next_kept(after), std::string(log.epoch())};
    after = gap->first_seq - 1;
  }
};

/// A reader's place among those of his user and tenant; nothing to hold where none are counted.
using Slot = std::optional<security::StreamSlots::Place>;
Result<Slot> take_slot(const Ports& ports, const contracts::Principal& principal) {
  auto* streams = ports.routes.ports().streams;
  if (streams == nullptr) return Slot();
  auto slot = streams->take(principal.tenant_id, principal.user_id);
  if (slot) return Slot(std::move(slot));
  return fail(Errc::rate_limited, "You, or your organisation, have too many readers already.");
}

// ---- long-poll

/// Until there is something to tell: an entry, or that the server drains.
Task<Result<void>> wait_for_entry(std::shared_ptr<contracts::SessionLog> log, std::uint64_t after,
                                  net::DrainSignal* draining) {
  using namespace boost::asio::experimental::awaitable_operators;
  if (draining == nullptr) {
    co_await log->wait(after);
  } else {
    co_await (log->wait(after) || draining->wait());
  }
  co_return Result<void>();
}

Task<Result<Reply>> poll(const Ports& ports, Call& call) {
  const auto after = read_seq(call.request.query_value("after"), "after");
  if (!after) co_return after.error();
  const auto wait_ms = call.number("wait_ms", 0, 0, kWaitMsMax);
  if (!wait_ms) co_return wait_ms.error();
  const auto limit = call.number("limit", 100, 1, 1000);
  if (!limit) co_return limit.error();
  auto opened = co_await ports.conversations.open_log(call.principal, call.param("id"));
  if (!opened) co_return opened.error();
  const auto log = *opened;
  auto cursor = Cursor::open(*after, call.text("epoch"), *log, 0);
  if (!cursor) co_return cursor.error();
  if (!cursor->gap && *wait_ms > 0 && cursor->after >= log->last_seq() && !log->is_closed()) {
    const auto slot = take_slot(ports, call.principal);
    if (!slot) co_return slot.error();
    auto waiting = wait_for_entry(log, cursor->after, call.request.draining);
    const auto until = Clock::now() + std::chrono::milliseconds(*wait_ms);
    const auto done = co_await runtime::with_deadline(std::move(waiting), until);
    static_cast<void>(done);  // nothing new is an answer too
  }
  EventsBody body;
  auto entries = co_await log->read(cursor->after, static_cast<std::size_t>(*limit), kBatchBytes);
  if (!entries && entries.error().code == Errc::not_found) {  // trimmed while we waited
    cursor->lose(*log);
    entries = co_await log->read(cursor->after, static_cast<std::size_t>(*limit), kBatchBytes);
  }
  if (!entries) co_return entries.error();
  body.gap = cursor->gap;
  body.epoch = log->epoch();
  body.last_seq = log->last_seq();
  for (const auto& entry : *entries) body.events.push_back(wire::RawJson{*entry.bytes});
  co_return edge::reply(body);
}

// ---- SSE

struct StreamState {
  std::shared_ptr<contracts::SessionLog> log;
  Slot slot;
  Cursor cursor;
  std::chrono::seconds heartbeat{15};
  contracts::Principal principal;
  const WallClock* wall = nullptr;
  const security::ApiKeys* keys = nullptr;
  /// Whoever reads may no longer: his token has ended, or his key was revoked.
  [[nodiscard]] bool has_expired() const {
    return (principal.expires_at && *principal.expires_at <= wall->now()) ||
           (keys != nullptr && !keys->still_stands(principal));
  }
  std::int64_t retry_ms =
      1000;  ///< differs between readers: they must not come back in one instant
};

void append_event(std::string& out, std::string_view type, std::string_view data) {
  out.append("event: ").append(type).append("\ndata: ").append(data).append("\n\n");
}

std::string greeting(const StreamState& state) {
  std::string out = "retry: " + std::to_string(state.retry_ms) + "\n\n";
  std::string ready;
  wire::JsonWriter json(ready);
  json.begin_object();
  json.key("type");
  json.value("connection_ready");
  json.key("last_seq");
  json.value(state.log->last_seq());
  json.key("epoch");
  json.value(state.log->epoch());
  json.key("heartbeat_interval_s");
  json.value(static_cast<std::int64_t>(state.heartbeat.count()));
  json.end_object();
  append_event(out, "connection_ready", ready);
  return out;
}

std::string gap_event(const GapBody& gap) {
  std::string out;
  append_event(out, "gap",
               R"({"type":"gap","first_seq":)" + std::to_string(gap.first_seq) + R"(,"epoch":)" +
                   wire::quote_json(gap.epoch) + "}");
  return out;
}

/// What is to be sent now; empty: nothing yet. `is_over` ends the stream after it.
Task<std::string> next_piece(StreamState& state, bool& is_over) {
  auto& cursor = state.cursor;
  std::string out;
  if (cursor.gap) {
    out = gap_event(*cursor.gap);
    cursor.gap.reset();
  }
  if (cursor.after >= state.log->last_seq()) {
    is_over = state.log->is_closed();
    co_return out;
  }
  const auto entries = co_await state.log->read(cursor.after, kEntriesMax, kBatchBytes);
  if (!entries) {
    if (entries.error().code == Errc::not_found)
      cursor.lose(*state.log);
    else
      is_over = true;
    co_return out;
  }
  for (const auto& entry : *entries) {
    out.append("id: ").append(std::to_string(entry.seq)).append("\n");
    append_event(out, entry.type, *entry.bytes);
    cursor.after = entry.seq;
  }
  co_return out;
}

Task<void> wait_news(StreamState& state, net::BodyWriter& writer, Time until) {
  using namespace boost::asio::experimental::awaitable_operators;
  const auto after = state.cursor.after;
  co_await (state.log->wait(after) || runtime::sleep_until(until) || writer.wait_drain());
}

Task<void> stream_log(net::BodyWriter& writer, std::shared_ptr<StreamState> state) {
  auto piece = greeting(*state);
  bool is_over = false;
  Time next_beat = Clock::now() + state->heartbeat;
  for (;;) {
    if (!piece.empty()) {
      const auto written = co_await writer.write(piece);
      if (!written) co_return;
      next_beat = Clock::now() + state->heartbeat;
    }
    if (is_over) co_return;
    if (state->has_expired() || writer.is_draining()) {
      // EventSource comes back by itself, with Last-Event-ID.
      const auto spread = writer.is_draining() ? kDrainSpread * state->retry_ms : state->retry_ms;
      const auto hint = "retry: " + std::to_string(spread) +
                        "\n: resume after=" + std::to_string(state->cursor.after) + "\n\n";
      const auto written = co_await writer.write(hint);
      static_cast<void>(written);
      co_return;
    }
    piece = co_await next_piece(*state, is_over);
    const bool has_more = state->cursor.gap || state->cursor.after < state->log->last_seq();
    if (!piece.empty() || is_over || has_more) continue;
    co_await wait_news(*state, writer, next_beat);
    if (Clock::now() >= next_beat) piece = ": beat\n\n";
  }
}

Task<Result<Reply>> open_stream(const Ports& ports, Call& call) {
  const bool has_id = !call.request.header("Last-Event-ID").empty();
  const auto text = has_id ? std::optional(call.request.header("Last-Event-ID"))
                           : call.request.query_value("after");
  const auto after = read_seq(text, "after");
  if (!after) co_return after.error();
  auto opened = co_await ports.conversations.open_log(call.principal, call.param("id"));
  if (!opened) co_return opened.error();
  auto cursor = Cursor::open(*after, call.text("epoch"), **opened, (*opened)->last_seq());
  if (!cursor) co_return cursor.error();
  auto slot = take_slot(ports, call.principal);
  if (!slot) co_return slot.error();
  const auto state = std::make_shared<StreamState>();
  state->log = *opened;
  state->slot = std::move(*slot);
  state->cursor = std::move(*cursor);
  state->heartbeat = ports.stream_heartbeat;
  state->principal = call.principal;
  auto& shared = ports.routes.ports();
  state->wall = &shared.sources.wall;
  state->keys = shared.api_keys;
  state->retry_ms =
      static_cast<std::int64_t>(kRetryMsMin + shared.sources.random.next() % kRetryMsSpan);
  net::Response response;
  response.headers.set("Content-Type", "text/event-stream");
  response.headers.set("Cache-Control", "no-store");
  response.headers.set("X-Accel-Buffering", "no");
  // Without tokens a ticket proves nothing, and still names who its stream belongs to.
  const bool is_of_ticket =
      call.principal.auth_method == "ticket" || call.principal.auth_method == "none";
  const bool has_used_ticket =
      call.request.query_value("ticket").has_value() && is_of_ticket &&
      call.request.header("Cookie").find("loquat_stream=") == std::string_view::npos;
  if (has_used_ticket) {
    const auto cookie = shared.cookies.issue(call.principal, Clock::now(), call.request.path);
    if (cookie)
      response.headers.set("Set-Cookie", "loquat_stream=" + *cookie + "; Path=" +
                                             call.request.path + "; HttpOnly; SameSite=Strict" +
                                             (call.request.is_secure ? "; Secure" : ""));
  }
  response.stream = [state](net::BodyWriter& writer) { return stream_log(writer, state); };
  co_return edge::reply_whole(std::move(response));
}

}  // namespace

void add_stream_routes(const Ports& ports) {
  edge::RouteSpec events;
  events.pattern = "/api/v1/bi/chat/sessions/{id}/events";
  events.action = "session.poll";
  events.summary = "Entries of the log behind `after`; waits for the next one if asked to.";
  events.resource_type = "session";
  events.resource_param = "id";
  events.takes_ticket = true;
  const std::string number = R"({"type":"integer","minimum":0})";
  events.query = {
      {"after", "The last seq that was taken; absent: 0.", false, number},
      {"wait_ms", "Longest wait for the next entry.", false,
       R"({"type":"integer","minimum":0,"maximum":30000})"},
      {"limit", "Most entries.", false, R"({"type":"integer","minimum":1,"maximum":1000})"},
      {"epoch", "The epoch that `after` belongs to."}};
  events.response_schema = wire::inline_schema<EventsBody>();
  ports.routes.add(events, [ports](Call& call) { return poll(ports, call); });

  edge::RouteSpec stream;
  stream.pattern = "/api/v1/agents/stream/{id}";
  stream.action = "session.stream";
  stream.summary = "The log as server-sent events.";
  stream.resource_type = "session";
  stream.resource_param = "id";
  stream.takes_ticket = true;
  stream.content_type = "text/event-stream";
  stream.query = {
      {"after", "Read behind this seq; absent: the tail. Last-Event-ID wins.", false, number},
      {"epoch", "The epoch that `after` belongs to."},
      {"ticket", "A one-time ticket, instead of a token."}};
  ports.routes.add(stream, [ports](Call& call) { return open_stream(ports, call); });
}

}  // namespace loquat::api
