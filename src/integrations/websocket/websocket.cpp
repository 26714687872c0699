#include "loquat/websocket/websocket.hpp"

#include <algorithm>
#include <charconv>
#include <list>
#include <map>

#include "channel.hpp"
#include "connection.hpp"
#include "loquat/degradation/health_board.hpp"

namespace loquat::websocket {
namespace {

constexpr std::string_view kProtocol = "loquat.v1";
constexpr std::string_view kBearer = "bearer.";
constexpr std::string_view kName = "websocket";
constexpr auto kCutTime = std::chrono::milliseconds(500);

/// What stands in `Sec-WebSocket-Protocol`.
struct Offer {
  bool has_ours = false;
  std::string token;
};
Offer read_offer(const net::Headers& headers) {
  Offer offer;
  for (const auto& [name, value] : headers.all()) {
    if (!net::equals_without_case(name, "Sec-WebSocket-Protocol")) continue;
    std::string_view rest = value;
    for (;;) {
      const auto comma = rest.find(',');
      auto item = rest.substr(0, comma);
      while (item.starts_with(' ')) item.remove_prefix(1);
      while (item.ends_with(' ')) item.remove_suffix(1);
      if (item == kProtocol) offer.has_ours = true;
      if (item.starts_with(kBearer)) offer.token = item.substr(kBearer.size());
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return offer;
}

/// A page of our own origin, one that is listed, or no page at all.
bool is_good_origin(const net::Request& request, const std::vector<std::string>& allowed) {
  if (!request.headers.has("Origin")) return true;
  const auto origin = request.header("Origin");
  if (std::ranges::find(allowed, origin) != allowed.end()) return true;
  const auto slashes = origin.find("://");
  if (slashes == std::string_view::npos) return false;
  // Either: a proxy before us may have ended TLS. Other schemes are no pages of this host.
  const auto scheme = origin.substr(0, slashes);
  return (scheme == "http" || scheme == "https") &&
         net::equals_without_case(origin.substr(slashes + 3), request.header("Host"));
}

Result<Place> read_place(const net::Request& request) {
  Place place;
  if (const auto text = request.query_value("after")) {
    std::uint64_t after = 0;
    const auto [end, ec] = std::from_chars(text->data(), text->data() + text->size(), after);
    if (ec != std::errc() || end != text->data() + text->size())
      return fail(Errc::invalid_request, "after must be a seq");
    place.after = after;
  }
  if (const auto epoch = request.query_value("epoch")) place.epoch = std::string(*epoch);
  return place;
}

Task<void> turn_away(std::unique_ptr<net::Stream> stream, wire::CloseCode code,
                     std::string reason) {
  const auto deadline = Clock::now() + std::chrono::seconds(1);
  const auto frame = net::close_frame(static_cast<std::uint16_t>(code), reason);
  const auto written = co_await stream->write(frame, deadline);
  if (!written) co_return;
  stream->shutdown_send();
  char sink[512];
  for (;;) {
    const auto got = co_await stream->read_some(sink, sizeof sink, deadline);
    if (!got || *got == 0) co_return;
  }
}

class Room final : public WebSocketRoom {
 public:
  Room(boost::asio::any_io_executor executor, WebSocketConfig config, Ports ports)
      : site_(std::move(executor), std::move(config), ports),
        config_(site_.config),
        ports_(site_.ports) {
    gauge_ = ports_.telemetry.metrics().gauge("loquat_websocket_open_connections",
                                              "Connections that are open.");
    ports_.board.add(std::string(kName), "SSE or long-poll of the same log");
    report();
  }

  void add_routes() override {
    edge::RouteSpec spec;
    spec.pattern = "/ws/chat/{id}";
    spec.action = "session.connect";
    spec.summary = "The session's log over WebSocket.";
    spec.resource_type = "session";
    spec.resource_param = "id";
    spec.query = {{"after", "Read behind this seq; absent: the tail."},
                  {"epoch", "The epoch that `after` belongs to."},
                  {"ticket", "A one-time ticket, instead of a token."}};
    spec.success = 101;
    ports_.routes.add_bare(std::move(spec),
                           [this](net::Request request) { return answer(std::move(request)); });
  }

  Task<void> drain(Time deadline) override {
    is_draining_ = true;
    const auto now = Clock::now();
    const auto spread =
        std::min<Clock::duration>(config_.drain_spread, runtime::remaining(deadline) / 2);
    // By weak pointers: connections leave the list while we wait.
    const std::vector<std::weak_ptr<Connection>> all(open_.begin(), open_.end());
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto at = now + spread * static_cast<long>(i) / static_cast<long>(all.size());
      if (Clock::now() < at) co_await runtime::sleep_until(at);
      if (const auto connection = all[i].lock()) connection->send_away(retry_hint());
    }
    while (!open_.empty() && Clock::now() < deadline)
      co_await runtime::pause_for(std::chrono::milliseconds(5));
    // Who has not taken the goodbye by now is cut, so that no task outlives this room.
    const auto late = open_;
    for (const auto& connection : late) connection->cut();
    const auto last = Clock::now() + kCutTime;
    while (!open_.empty() && Clock::now() < last)
      co_await runtime::pause_for(std::chrono::milliseconds(1));
    co_await site_.tasks.close();
  }
  std::size_t connections() const noexcept override { return taken_; }

 private:
  /// One of the places; given back when the connection is over.
  struct Slot {
    explicit Slot(Room& r) : room(r) { ++room.taken_, room.report(); }
    ~Slot() { --room.taken_, room.report(); }
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
    Room& room;
  };

  /// When one of many clients should come back: not all at once.
  std::chrono::milliseconds retry_hint() {
    const auto most =
        static_cast<std::uint64_t>(std::chrono::milliseconds(config_.drain_spread).count());
    return std::chrono::milliseconds(ports_.routes.ports().sources.random.next() % (most + 1));
  }

  void report() {
    gauge_.set(static_cast<double>(taken_));
    const auto max = static_cast<std::size_t>(config_.max_connections);
    degradation::HealthBoard::Depth depth;
    depth.buffered = taken_;
    depth.capacity = max;
    depth.dropped_total = refused_;
    ports_.board.set_depth(kName, depth);
    ports_.board.set(kName, taken_ < max ? degradation::Health::up : degradation::Health::degraded);
  }

  net::Response refuse(int status, RefusalReason reason, std::string_view why) {
    ++refused_;
    ports_.telemetry.emit(ConnectionRefused{reason});
    return ports_.routes.refusal(status, why);
  }

  net::Response no_place(const net::Request& request) {
    const auto reason = is_draining_ ? RefusalReason::draining : RefusalReason::full;
    auto response = refuse(503, reason, "No place for a further connection; use the alternate.");
    response.headers.set("Retry-After", "5");
    response.headers.set("Link", "</api/v1/bi/chat/sessions/" +
                                     net::percent_encode(request.param("id")) +
                                     "/events>; rel=\"alternate\"");
    return response;
  }

  /// A browser sees close codes, but no status of a refused handshake: so as many as can be told by
  /// a code are let in to hear it. Who comes too often hears nothing more than 429.
  net::Response turned_away(net::Response handshake, const Error& why) {
    if (why.code == Errc::rate_limited) {
      auto response = refuse(429, RefusalReason::rate, why.detail);
      response.headers.set("Retry-After", "1");
      return response;
    }
    constexpr std::size_t kLeavingMax = 64;
    if (leaving_ >= kLeavingMax)
      return refuse(wire::to_http(why.code).status, RefusalReason::full, why.detail);
    const std::shared_ptr<void> place(static_cast<void*>(this), [this](void*) { --leaving_; });
    ++leaving_;
    handshake.upgrade = [place, code = wire::to_close_code(why.code), reason = why.detail](
                            std::unique_ptr<net::Stream> stream, std::string) {
      return turn_away(std::move(stream), code, reason);
    };
    return handshake;
  }

  Task<net::Response> answer(net::Request request) {
    if (const auto why = net::why_no_handshake(request); !why.empty()) {
      co_await ports_.routes.learn_keys(request);
      if (const auto who = ports_.routes.identify(request, false); !who) {
        ports_.routes.ports().auditor.count_unauthenticated(who.error().detail);
        co_return refuse(401, RefusalReason::handshake, who.error().detail);
      }
      auto response = refuse(426, RefusalReason::handshake, why);
      response.headers.set("Upgrade", "websocket");
      response.headers.set("Sec-WebSocket-Version", "13");
      co_return response;
    }
    if (!is_good_origin(request, config_.allowed_origins)) {
      ports_.routes.ports().auditor.count_unauthenticated("origin not allowed");
      co_return refuse(403, RefusalReason::origin, "This origin may not connect.");
    }
    if (is_draining_ || taken_ >= static_cast<std::size_t>(config_.max_connections))
      co_return no_place(request);
    const auto offer = read_offer(request.headers);
    if (!offer.token.empty() && !request.headers.has("Authorization"))
      request.headers.set("Authorization", "Bearer " + offer.token);
    auto deflate = config_.deflate
                       ? net::choose_deflate(request.headers, config_.deflate_window_bits)
                       : std::nullopt;
    auto response = net::accept_handshake(request, offer.has_ours ? kProtocol : "", deflate);
    auto admitted = co_await admit(request);
    if (!admitted) co_return turned_away(std::move(response), admitted.error());
    // Others may have come while it was asked who calls: strangers hold no place meanwhile.
    if (is_draining_ || taken_ >= static_cast<std::size_t>(config_.max_connections))
      co_return no_place(request);
    const auto slot = std::make_shared<Slot>(*this);
    admitted->deflate = std::move(deflate);
    // The function lives as long as the connection; what it brings goes on to the connection.
    using Brought = std::unique_ptr<Admitted>;
    const auto brought =
        std::make_shared<Brought>(std::make_unique<Admitted>(std::move(*admitted)));
    response.upgrade = [this, slot, brought](std::unique_ptr<net::Stream> stream,
                                             std::string early) {
      return serve(std::move(stream), std::move(early), std::move(*brought));
    };
    co_return response;
  }

  Task<Result<Admitted>> admit(const net::Request& request) {
    auto& ports = ports_.routes.ports();
    co_await ports_.routes.learn_keys(request);
    auto principal = ports_.routes.identify(request, true);
    const auto now = Clock::now();
    if (!principal) {
      // As at every other route: failed logins count by address.
      if (ports.limiter.take("ip\x1f" + net::network_of(request.peer_ip), now))
        co_return fail(Errc::rate_limited, "Too many attempts; wait a little.");
      ports.auditor.count_unauthenticated(principal.error().detail);
      co_return principal.error();
    }
    if (ports.limiter.take(principal->tenant_id, principal->user_id, now))
      co_return fail(Errc::rate_limited, "Too many requests; wait a little.");
    Admitted admitted;
    admitted.context = ports_.routes.context_of(request);
    admitted.session_id = request.param("id");
    admitted.principal = std::move(*principal);
    const bool is_allowed = security::may(admitted.principal, security::Right::read);
    security::Access access;
    access.principal = admitted.principal;
    access.context = admitted.context;
    access.action = "session.connect";
    access.resource_type = "session";
    access.resource_id = admitted.session_id;
    access.outcome = is_allowed ? wire::AuditOutcome::allowed : wire::AuditOutcome::denied;
    if (!is_allowed) access.reason = "no role that may read";
    const auto kept = co_await ports.auditor.record(std::move(access));
    if (!kept) co_return kept.error();
    if (!is_allowed) co_return fail(Errc::forbidden, "no role that may read");
    auto* streams = ports.streams;
    if (streams != nullptr)
      admitted.slot = streams->take(admitted.principal.tenant_id, admitted.principal.user_id);
    if (streams != nullptr && !admitted.slot) {
      ports_.telemetry.emit(ConnectionRefused{RefusalReason::share});
      co_return fail(Errc::overloaded, "too many readers of one user or tenant");
    }
    auto place = read_place(request);
    if (!place) co_return place.error();
    admitted.place = std::move(*place);
    auto log = co_await ports_.conversations.open_log(admitted.principal, admitted.session_id);
    if (!log) {
      if (log.error().code == Errc::not_found)
        co_return fail(Errc::not_found, "there is no such session");
      if (log.error().code == Errc::forbidden) co_return log.error();
      co_return fail(Errc::overloaded, "the session cannot be opened now");
    }
    admitted.log = std::move(*log);
    co_return admitted;
  }

  Task<void> serve(std::unique_ptr<net::Stream> stream, std::string early,
                   std::unique_ptr<Admitted> admitted) {
    if (is_draining_) {
      co_await turn_away(std::move(stream), wire::CloseCode::going_away, "going away");
      co_return;
    }
    const auto session_id = admitted->session_id;
    const auto log = admitted->log;
    auto connection = std::make_shared<Connection>(site_, std::move(stream), std::move(*admitted));
    admitted.reset();
    const auto place = open_.insert(open_.end(), connection);
    connection->greet();
    auto channel = channel_of(session_id, log);
    channel->join(connection);
    const auto leave = [&] {
      channel->leave(*connection);
      open_.erase(place);
      channel.reset();
    };
    try {
      co_await connection->run(std::move(early));
    } catch (const std::exception&) {
      leave();
      throw;
    }
    leave();
    if (const auto found = channels_.find(session_id);
        found != channels_.end() && found->second.expired())
      channels_.erase(found);
  }

  std::shared_ptr<Channel> channel_of(const std::string& session_id,
                                      const std::shared_ptr<contracts::SessionLog>& log) {
    auto& known = channels_[session_id];
    auto channel = known.lock();
    if (channel && !channel->is_closed()) return channel;
    channel = std::make_shared<Channel>(log, site_.frames, site_.tasks);
    known = channel;
    return channel;
  }

  Site site_;
  std::size_t leaving_ = 0;  ///< handshakes done only to say why not
  WebSocketConfig& config_;
  Ports& ports_;
  std::map<std::string, std::weak_ptr<Channel>> channels_;  ///< by session
  std::list<std::shared_ptr<Connection>> open_;
  std::size_t taken_ = 0;
  std::uint64_t refused_ = 0;
  bool is_draining_ = false;
  observability::Gauge gauge_;
};

}  // namespace

std::unique_ptr<WebSocketRoom> make_websocket(boost::asio::any_io_executor executor,
                                              WebSocketConfig config, Ports ports) {
  return std::make_unique<Room>(std::move(executor), std::move(config), ports);
}

}  // namespace loquat::websocket
