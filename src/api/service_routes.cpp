#include "bodies.hpp"
#include "groups.hpp"
#include "loquat/degradation/health_board.hpp"
#include "loquat/observability/telemetry.hpp"
#include "loquat/wire/topics.hpp"

/// What operators and tools ask: health, metrics, served schemas, tickets, the page.
namespace loquat::api {
namespace {

struct IntegrationBody {
  degradation::Health state = degradation::Health::up;
  WallTime since{};
  degradation::BreakerState breaker = degradation::BreakerState::closed;
  std::uint64_t buffered = 0, capacity = 0, dropped_total = 0, spooled = 0;
  std::optional<std::string> last_error;
  std::string behaviour;
  template <class V>
  void fields(V& v) {
    v("state", state, "How it is.");
    v("since", since, "Since when.");
    v("breaker", breaker, "Whether calls pass.");
    v("buffered", buffered, "What waits in memory.");
    v("capacity", capacity, "What may wait.");
    v("dropped_total", dropped_total, "What was given up.");
    v("spooled", spooled, "What waits on disk.");
    v("last_error", last_error, "The last thing that went wrong.");
    v("behaviour", behaviour, "What is done instead while it is not up.");
  }
};
struct HealthBody {
  degradation::OverallHealth status = degradation::OverallHealth::ok;
  std::string version;
  double uptime_s = 0;
  std::string instance;
  std::map<std::string, IntegrationBody> integrations;
  template <class V>
  void fields(V& v) {
    v("status", status, "The whole; degraded still answers.");
    v("version", version, "Of the program.");
    v("uptime_s", uptime_s, "Since the start.");
    v("instance", instance, "Name of this process in events.");
    v("integrations", integrations, "Each peer and stand-in.");
  }
};

HealthBody health_of(const Ports& ports, Time started) {
  HealthBody body;
  body.status = ports.board.overall();
  body.version = ports.version;
  body.instance = ports.instance;
  body.uptime_s = std::chrono::duration<double>(Clock::now() - started).count();
  for (const auto& [name, health] : ports.board.all()) {
    auto& made = body.integrations[name];
    made.state = health.state;
    made.since = health.since;
    made.breaker = health.breaker;
    made.buffered = health.buffered;
    made.capacity = health.capacity;
    made.dropped_total = health.dropped_total;
    made.spooled = health.spooled;
    if (!health.last_error.empty()) made.last_error = health.last_error;
    made.behaviour = health.behaviour;
  }
  return body;
}

edge::RouteSpec open_route(std::string pattern, std::string action, std::string summary) {
  edge::RouteSpec spec;
  spec.pattern = std::move(pattern);
  spec.right = security::Right::open;
  spec.action = std::move(action);
  spec.summary = std::move(summary);
  spec.audited = false;
  return spec;
}

Reply json(int status, std::string text) {
  return edge::reply_whole(net::make_response(status, "application/json", std::move(text)));
}

void add_health(const Ports& ports) {
  auto health = open_route("/health", "health.read", "State of the whole and of each integration.");
  health.response_schema = wire::inline_schema<HealthBody>();
  ports.routes.add(health, [ports, started = Clock::now()](Call&) -> Task<Result<Reply>> {
    const auto body = health_of(ports, started);
    co_return json(body.status == degradation::OverallHealth::down ? 503 : 200, wire::encode(body));
  });
  auto live = open_route("/health/live", "health.live", "The process is up.");
  ports.routes.add(live,
                   [](Call&) -> Task<Result<Reply>> { co_return json(200, R"({"status":"ok"})"); });
  auto ready = open_route("/health/ready", "health.ready", "It may take traffic.");
  ports.routes.add(ready, [ports](Call&) -> Task<Result<Reply>> {
    const bool is_ready = !ports.is_ready || ports.is_ready();
    co_return is_ready ? json(200, R"({"status":"ok"})") : json(503, R"({"status":"not_ready"})");
  });
  auto metrics = open_route("/metrics", "metrics.read", "Prometheus text.");
  metrics.content_type = observability::kMetricsContentType;
  ports.routes.add(metrics, [ports](Call&) -> Task<Result<Reply>> {
    co_return edge::reply_whole(net::make_response(
        200, std::string(observability::kMetricsContentType), ports.telemetry.metrics().render()));
  });
}

/// Documents are made at the first request and kept: then every route is known.
void add_documents(const Ports& ports) {
  auto openapi = open_route("/openapi.json", "contract.openapi", "This page, for machines.");
  openapi.revalidates = true;
  ports.routes.add(openapi,
                   [ports, text = std::make_shared<std::string>()](Call&) -> Task<Result<Reply>> {
                     if (text->empty()) *text = ports.routes.openapi(ports.version);
                     co_return json(200, *text);
                   });
  auto asyncapi = open_route("/asyncapi.json", "contract.asyncapi", "The topics, for machines.");
  asyncapi.revalidates = true;
  ports.routes.add(asyncapi,
                   [ports, text = std::make_shared<std::string>()](Call&) -> Task<Result<Reply>> {
                     if (text->empty()) *text = asyncapi_document(ports.version);
                     co_return json(200, *text);
                   });
  auto schema = open_route("/schemas/{name}.json", "contract.schema", "JSON Schema of one event.");
  schema.revalidates = true;
  schema.content_type = "application/schema+json";
  ports.routes.add(schema, [](Call& call) -> Task<Result<Reply>> {
    const auto name = call.param("name");
    auto text = name == "Answer" ? wire::json_schema<wire::Answer>(name) : wire::event_schema(name);
    if (text.empty()) co_return fail(Errc::not_found, "There is no schema of that name.");
    co_return edge::reply_whole(
        net::make_response(200, "application/schema+json", std::move(text)));
  });
}

void add_ticket(const Ports& ports) {
  edge::RouteSpec spec;
  spec.method = net::Method::post;
  spec.pattern = "/api/v1/auth/ticket";
  spec.action = "auth.ticket";
  spec.summary = "A one-time ticket for WebSocket and SSE, so that no token stands in a URL.";
  spec.resource_type = "ticket";
  spec.response_schema = wire::inline_schema<TicketBody>();
  ports.routes.add(spec, [ports](Call& call) -> Task<Result<Reply>> {
    auto& tickets = ports.routes.ports().tickets;
    auto ticket = tickets.issue(call.principal, Clock::now());
    if (!ticket) co_return ticket.error();
    TicketBody body;
    body.ticket = std::move(*ticket);
    body.expires_in_s = std::chrono::floor<std::chrono::seconds>(tickets.ttl()).count();
    co_return edge::reply(body);
  });
}

void add_page(const Ports& ports) {
  if (ports.page == nullptr) return;
  ports.routes.set_fallback([ports](net::Request request) -> net::Task<net::Response> {
    const auto path = net::percent_decode(request.path, false);
    if (path && ports.page->has(*path)) co_return ports.page->serve(request);
    co_return ports.routes.refusal(404, "There is nothing at this path.");
  });
}

}  // namespace

void add_service_routes(const Ports& ports) {
  add_health(ports);
  add_documents(ports);
  add_ticket(ports);
  add_page(ports);
}

}  // namespace loquat::api
