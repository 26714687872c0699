#include "loquat/edge/routes.hpp"

#include <algorithm>

#include "header_words.hpp"
#include "idempotency.hpp"
#include "loquat/net/static_files.hpp"
#include "loquat/observability/telemetry.hpp"
#include "loquat/observability/trace_context.hpp"
#include "loquat/wire/error_codes.hpp"
#include "openapi.hpp"
#include "telemetry_events.hpp"

namespace loquat::edge {
namespace {

constexpr std::size_t kKeyBytesMax = 255;
constexpr std::int64_t kGuessMax = 60;  ///< of a wait that is only expected

/// The envelope differs from one answer to the next; `said` is what counts.
void revalidate(const net::Request& request, std::string_view said, net::Response& response) {
  if (response.status != 200 || response.stream || response.headers.has("ETag")) return;
  const auto tag = net::entity_tag(said);
  response.headers.set("ETag", tag);
  response.headers.set("Cache-Control", "private, no-cache");
  if (!net::is_known_tag(request.header("If-None-Match"), tag)) return;
  response.status = 304;
  response.body.clear();
}

double milliseconds_since(Time began) {
  return std::chrono::duration<double, std::milli>(Clock::now() - began).count();
}

/// A mistyped `?limt=5` would otherwise pass for a page of the usual size.
void note_unknown_parameters(const RouteSpec& spec, Call& call) {
  for (const auto& [name, value] : call.request.query) {
    if (std::ranges::find(spec.query, name, &Parameter::name) != spec.query.end()) continue;
    if (spec.takes_ticket && (name == "ticket" || name == "token")) continue;
    std::string known;
    for (const auto& parameter : spec.query)
      known.append(known.empty() ? "" : ", ").append(parameter.name);
    call.note_unknown_parameter(name, known);
  }
}

}  // namespace

struct Routes::State {
  explicit State(Ports p) : ports(p), idempotency(p.sources.wall, p.idempotency) {
    auto& metrics = ports.telemetry.metrics();
    using degradation::Work;
    for (const Work work : {Work::side, Work::fresh})
      shed[static_cast<std::size_t>(work)] =
          metrics.counter("loquat_edge_shed_requests_total", "Requests refused under overload.",
                          {observability::label("work", work)});
    limited = metrics.counter("loquat_edge_limited_requests_total",
                              "Requests refused by a rate limit, of a user, tenant or address.");
  }

  struct Route {
    RouteSpec spec;
    Handler handler;
    observability::Histogram duration;
  };
  Ports ports;
  Idempotency idempotency;
  net::Router router;
  std::vector<RouteSpec> specs;
  std::vector<std::unique_ptr<Route>> routes;
  std::array<observability::Counter, 2> shed;  ///< by Work
  observability::Counter limited;

  Task<net::Response> serve(const Route& route, net::Request request);
  Task<Result<void>> admit(const Route& route, Routes& owner, Call& call);
  Task<Result<void>> audit(const Route& route, Call& call, wire::AuditOutcome outcome,
                           std::string reason, int status = 0);
  Task<net::Response> run(const Route& route, Call& call, Time began);
  Task<net::Response> run_once(const Route& route, Call& call, Time began);
  net::Response finish(const Route& route, const Call& call, Result<Reply> outcome, Time began);
  Routes* owner = nullptr;
};

Routes::Routes(Ports ports) : state_(std::make_unique<State>(ports)) { state_->owner = this; }
Routes::~Routes() = default;
Ports& Routes::ports() noexcept { return state_->ports; }
const std::vector<RouteSpec>& Routes::specs() const noexcept { return state_->specs; }

void Routes::add(RouteSpec spec, Handler handler) {
  auto& s = *state_;
  auto route = std::make_unique<State::Route>();
  route->duration = s.ports.telemetry.metrics().histogram(
      "loquat_edge_request_duration_seconds", "Time to answer a request.",
      {observability::label("method", spec.method),
       observability::fixed_label("route", spec.pattern)});
  route->spec = spec;
  route->handler = std::move(handler);
  const auto* kept = route.get();
  s.routes.push_back(std::move(route));
  s.router.add(spec.method, spec.pattern,
               [&s, kept](net::Request request) { return s.serve(*kept, std::move(request)); });
  s.specs.push_back(std::move(spec));
}

void Routes::add_bare(RouteSpec spec, net::Handler handler) {
  state_->router.add(spec.method, spec.pattern, std::move(handler));
  state_->specs.push_back(std::move(spec));
}

void Routes::set_fallback(net::Handler handler) { state_->router.set_fallback(std::move(handler)); }

contracts::RequestContext Routes::context_of(const net::Request& request) const {
  contracts::RequestContext context;
  const auto given = request.header("X-Request-ID");
  context.request_id =
      is_printable(given, 128) ? std::string(given) : make_id("req", state_->ports.sources);
  const auto parent = observability::parse_traceparent(request.header("traceparent"));
  const auto trace = parent ? *parent : observability::new_trace(state_->ports.sources.random);
  context.trace_id = trace.trace_id;
  if (parent) context.parent_span_id = parent->span_id;
  context.wants_fresh = net::lists_token(request.header("Cache-Control"), "no-cache");
  return context;
}

std::optional<Error> Routes::shed(degradation::Work work) const {
  const auto* shedder = state_->ports.shedder;
  if (shedder == nullptr || !shedder->sheds(work)) return std::nullopt;
  state_->shed[static_cast<std::size_t>(work)].add();
  return fail(Errc::overloaded, "There is more to do than can be done now; try again shortly.");
}

net::Response Routes::refusal(int status, std::string_view why) const {
  Errc code = Errc::invalid_request;
  switch (status) {
    case 401:
      code = Errc::unauthorized;
      break;
    case 403:
      code = Errc::forbidden;
      break;
    case 404:
      code = Errc::not_found;
      break;
    case 405:
      code = Errc::method_not_allowed;
      break;
    case 413:
      code = Errc::payload_too_large;
      break;
    case 503:
      code = Errc::overloaded;
      break;
    default:
      code = status >= 500 && status != 505 ? Errc::internal : Errc::invalid_request;
  }
  const Error error = fail(code, std::string(why));
  const std::vector<Notice> warnings;
  const std::vector<std::string> degraded;
  const EnvelopeParts parts{make_id("req", state_->ports.sources), {}, warnings, degraded, 0};
  auto response = error_response(error, parts);
  response.status = status;
  response.headers.set("X-Request-ID", parts.request_id);
  return response;
}

net::Task<net::Response> Routes::handle(net::Request request) {
  auto& s = *state_;
  if (s.ports.authenticator.mode() == security::AuthMode::none &&
      is_foreign_name(request.header("Host"))) {
    // A page whose name was bound to this address anew would be of our own origin.
    co_return refusal(403, "Without tokens this service answers to loopback names alone.");
  }
  auto match = s.router.find(request.method, request.path);
  if (match.handler != nullptr) {
    request.params = std::move(match.params);
    std::string problem;
    try {
      co_return co_await (*match.handler)(std::move(request));
    } catch (const std::exception& e) {
      problem = e.what();
    }
    s.ports.telemetry.emit(RequestFailed{match.pattern, problem, ""});
    co_return refusal(500, "");
  }
  const auto context = context_of(request);
  const std::vector<Notice> warnings;
  const std::vector<std::string> degraded;
  const EnvelopeParts parts{context.request_id, {}, warnings, degraded, 0};
  const Error error = match.allow.empty()
                          ? fail(Errc::not_found, "There is nothing at this path.")
                          : fail(Errc::method_not_allowed, "This path takes " + match.allow + ".");
  auto response = error_response(error, parts);
  response.headers.set("X-Request-ID", context.request_id);
  if (!match.allow.empty()) response.headers.set("Allow", match.allow);
  co_return response;
}

Task<net::Response> Routes::State::serve(const Route& route, net::Request request) {
  const auto began = Clock::now();
  Call call{request, {}, owner->context_of(request), began + ports.request_budget, {}, {}};
  note_unknown_parameters(route.spec, call);
  auto admitted = co_await admit(route, *owner, call);
  net::Response response;
  if (!admitted) {
    response = finish(route, call, admitted.error(), began);
  } else {
    response = co_await run(route, call, began);
    if (route.spec.audited && response.status >= 400) {
      // That it was allowed stands there already; what came of it is no reason to refuse it now.
      std::string reason = "answered with " + std::to_string(response.status);
      const auto kept = co_await audit(route, call, wire::AuditOutcome::error, std::move(reason),
                                       response.status);
      static_cast<void>(kept);
    } else if (!call.made_id.empty()) {
      const auto kept =
          co_await audit(route, call, wire::AuditOutcome::allowed, "", response.status);
      static_cast<void>(kept);
    }
  }
  const auto duration = Clock::now() - began;
  ports.telemetry.emit(
      RequestServed{route.spec.pattern, response.status, duration, call.context.request_id});
  auto histogram = route.duration;
  histogram.observe(std::chrono::duration<double>(duration).count());
  co_return response;
}

/// What `call` says of itself that its audit record may hold: a JSON object; empty if nothing.
static std::string details_of(const RouteSpec& spec, Call& call, int status) {
  std::string out;
  wire::JsonWriter json(out);
  json.begin_object();
  for (const auto& name : spec.told) {
    const std::string value = call.plain(name);
    if (value.empty()) continue;
    json.key(name);
    json.value(value);
  }
  if (status != 0) {
    json.key("status");
    json.value(status);
  }
  json.end_object();
  return out == "{}" ? std::string() : out;
}

Task<Result<void>> Routes::State::audit(const Route& route, Call& call, wire::AuditOutcome outcome,
                                        std::string reason, int status) {
  security::Access access;
  access.principal = call.principal;
  access.context = call.context;
  access.action = route.spec.action;
  access.resource_type = route.spec.resource_type;
  access.details = details_of(route.spec, call, status);
  if (!call.made_id.empty())
    access.resource_id = call.made_id;
  else if (!route.spec.resource_member.empty())
    access.resource_id = call.plain(route.spec.resource_member);
  else
    access.resource_id = call.param(route.spec.resource_param);
  access.outcome = outcome;
  access.reason = std::move(reason);
  co_return co_await ports.auditor.record(std::move(access));
}

Task<Result<void>> Routes::State::admit(const Route& route, Routes& routes, Call& call) {
  const auto now = Clock::now();
  if (route.spec.right == security::Right::open) co_return Result<void>();
  co_await routes.learn_keys(call.request);
  auto principal = routes.identify(call.request, route.spec.takes_ticket);
  if (!principal) {
    const auto wait = ports.limiter.take("ip\x1f" + net::network_of(call.request.peer_ip), now);
    call.retry_after = wait;
    if (wait) {
      limited.add();
      co_return fail(Errc::rate_limited, "Too many attempts; wait a little.");
    }
    if (principal.error().code != Errc::forbidden) {
      ports.auditor.count_unauthenticated(principal.error().detail);
      co_return principal.error();
    }
    // The token itself is good: its owner's trail says whom he tried to be.
    net::Request own;
    own.headers.set("Authorization", std::string(call.request.header("Authorization")));
    own.peer_ip = call.request.peer_ip;
    auto proven = routes.identify(own, false);
    if (!proven) co_return principal.error();
    call.principal = std::move(*proven);
    const auto kept =
        co_await audit(route, call, wire::AuditOutcome::denied, principal.error().detail);
    if (!kept) co_return kept.error();
    co_return principal.error();
  }
  call.principal = std::move(*principal);
  const auto wait = ports.limiter.take(call.principal.tenant_id, call.principal.user_id, now);
  if (wait) {
    limited.add();
    call.retry_after = wait;
    co_return fail(Errc::rate_limited, "Too many requests; wait a little.");
  }
  if (!security::may(call.principal, route.spec.right)) {
    std::string reason = "needs the role " + std::string(security::least_role(route.spec.right));
    auto denied = fail(Errc::forbidden, "This " + reason + ".");
    const auto kept = co_await audit(route, call, wire::AuditOutcome::denied, std::move(reason));
    if (!kept) co_return kept.error();
    co_return denied;
  }
  if (auto busy = routes.shed(work_of(route.spec))) {
    call.retry_after = ports.shedder->retry_after();
    co_return std::move(*busy);
  }
  if (!route.spec.audited) co_return Result<void>();
  co_return co_await audit(route, call, wire::AuditOutcome::allowed, "");
}

net::Response Routes::State::finish(const Route& route, const Call& call, Result<Reply> outcome,
                                    Time began) {
  EnvelopeParts parts{
      call.context.request_id, {}, call.warnings, call.degraded, milliseconds_since(began)};
  net::Response response;
  if (!outcome) {
    response = error_response(outcome.error(), parts);
    if (call.retry_after)
      response.headers.set("Retry-After", retry_seconds(*call.retry_after));
    else if (response.headers.has("Retry-After") && ports.expected_wait)
      response.headers.set("Retry-After", retry_seconds(ports.expected_wait(), kGuessMax));
    if (response.status == 500)
      ports.telemetry.emit(
          RequestFailed{route.spec.pattern, outcome.error().detail, call.context.request_id});
  } else if (outcome->whole) {
    response = std::move(*outcome->whole);
    for (const auto& [name, value] : outcome->headers.all()) response.headers.add(name, value);
  } else {
    parts.data = outcome->data;
    response = net::make_response(outcome->status != 0 ? outcome->status : route.spec.success,
                                  "application/json", success_envelope(parts));
    for (const auto& [name, value] : outcome->headers.all()) response.headers.add(name, value);
  }
  if (outcome && route.spec.revalidates && call.warnings.empty() && call.degraded.empty())
    revalidate(call.request,
               outcome->whole ? std::string_view(response.body) : std::string_view(outcome->data),
               response);
  response.headers.set("X-Request-ID", call.context.request_id);
  if (!response.headers.has("Cache-Control")) response.headers.set("Cache-Control", "no-store");
  response.headers.set("X-Content-Type-Options", "nosniff");
  // Should a browser ever show an answer of the API as a page, it may do nothing there.
  response.headers.set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  if (call.request.is_secure) net::add_transport_security(response);
  return response;
}

Task<net::Response> Routes::State::run(const Route& route, Call& call, Time began) {
  const auto key = call.request.header("X-Idempotency-Key");
  if (route.spec.idempotent && !key.empty()) co_return co_await run_once(route, call, began);
  auto outcome = co_await route.handler(call);
  co_return finish(route, call, std::move(outcome), began);
}

Task<net::Response> Routes::State::run_once(const Route& route, Call& call, Time began) {
  const auto given = call.request.header("X-Idempotency-Key");
  if (!is_printable(given, kKeyBytesMax)) {
    auto error =
        fail(Errc::invalid_request, "X-Idempotency-Key must be 1 to 255 printable characters.");
    co_return finish(route, call, std::move(error), began);
  }
  Idempotency::Key key;
  key.scope = call.principal.tenant_id + "\x1f" + call.principal.user_id + "\x1f" +
              call.request.method_text + " " + call.request.path + "\x1f" + std::string(given);
  // What was answered to a role is answered again to that role only.
  for (const auto& role : call.principal.roles) key.scope += "\x1f" + role;
  key.body_hash = security::sha256_hex(call.request.body);
  auto entry = co_await idempotency.enter(std::move(key));
  if (!entry) co_return finish(route, call, entry.error(), began);
  if (entry->known) {
    auto known = net::make_response(entry->known->status, "application/json", entry->known->body);
    known.headers.set("Idempotency-Replayed", "true");
    co_return finish(route, call, reply_whole(std::move(known)), began);
  }
  auto outcome = co_await route.handler(call);
  auto response = finish(route, call, std::move(outcome), began);
  if (response.status >= 400 && response.status < 500) co_await idempotency.forget(entry->turn);
  if (response.status < 300 && !response.stream) {
    KeptReply kept;
    kept.status = response.status;
    kept.body = response.body;
    co_await idempotency.keep(entry->turn, std::move(kept));
  }
  co_return response;
}

std::string Routes::openapi(std::string_view version) const {
  return openapi_document(state_->specs, version);
}

}  // namespace loquat::edge
