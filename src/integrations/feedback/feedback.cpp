#include "loquat/feedback/feedback.hpp"

#include "collect.hpp"
#include "export.hpp"
#include "loquat/wire/codec.hpp"
#include "signals.hpp"

namespace loquat::feedback {
namespace {

using contracts::Principal;
using contracts::RequestContext;
using contracts::Task;
using wire::FeedbackEvent;

constexpr std::size_t kExportPage = 500;

class Service final : public Feedback {
 public:
  Service(FeedbackConfig config, Ports ports) : config_(config), ports_(std::move(ports)) {}

  // ---- intake ----
  Task<Result<std::string>> submit(Principal principal, RequestContext context,
                                   std::string session_id, std::string body) override;
  // ---- pipeline ----
  Task<Result<void>> handle(FeedbackEvent event, contracts::RecordPlace place) override;

  void add_routes(edge::Routes& routes) override;

 private:
  struct Known {
    KnownResponse response;
    Subject subject;
  };
  /// Errors: not_found for another's response.
  Task<Result<Known>> look_up(Principal principal, RequestContext context, std::string session_id,
                              std::string response_id);
  Task<Result<ReceiptView>> keep(FeedbackEvent event);
  /// The corrected SQL, where an event brings one, must be one read-only SELECT. `pointer`: where
  /// it stood.
  Task<Result<void>> check_sql(const std::optional<std::string>& sql, std::string pointer);

  Task<Result<edge::Reply>> submit_route(edge::Call& call);
  Task<Result<edge::Reply>> correction_route(edge::Call& call);
  Task<Result<edge::Reply>> rating_route(edge::Call& call);
  Task<Result<edge::Reply>> show_route(edge::Call& call);
  Task<Result<edge::Reply>> change_route(edge::Call& call);
  Task<Result<edge::Reply>> summary_route(edge::Call& call);
  Task<Result<edge::Reply>> export_route(edge::Call& call);
  Task<Result<FeedbackEvent>> own_event(edge::Call& call);
  static void warn_if_unknown(edge::Call& call, const Subject& subject);

  FeedbackConfig config_;
  Ports ports_;
};

Task<Result<Service::Known>> Service::look_up(Principal principal, RequestContext context,
                                              std::string session_id, std::string response_id) {
  auto found = co_await ports_.sessions.find_response(response_id);
  // A store that is away must not lose a vote: it is taken unverified, and never teaches.
  KnownResponse response;
  if (found) response = std::move(*found);
  const Standing standing = standing_of(response, principal, session_id);
  if (standing == Standing::anothers) co_return fail(Errc::not_found, "There is no such response.");
  Known known;
  known.subject = {std::move(principal), std::move(context), std::move(session_id),
                   std::move(response_id), standing == Standing::own};
  known.response = std::move(response);
  co_return known;
}

Task<Result<ReceiptView>> Service::keep(FeedbackEvent event) {
  if (event.event_id.empty()) event.event_id = make_id(FeedbackEvent::kPrefix, ports_.sources);
  event.timestamp = ports_.sources.wall.now();
  ReceiptView view;
  view.event_id = event.event_id;
  auto receipt = co_await ports_.events.publish(std::move(event));
  if (!receipt) co_return receipt.error();
  view.status = name_of(*receipt);
  co_return view;
}

Task<Result<void>> Service::check_sql(const std::optional<std::string>& sql, std::string pointer) {
  if (!sql) co_return Result<void>{};
  std::string dialect(ports_.dialect);
  auto facts = co_await ports_.inspector.inspect(*sql, std::move(dialect));
  std::string problem;
  if (!facts)
    problem = facts.error().detail;
  else if (!facts->problems.empty())
    problem = facts->problems.front();
  else if (!facts->is_single_select)
    problem = "must be one SELECT";
  if (problem.empty()) co_return Result<void>{};
  co_return Error{
      Errc::invalid_request, "The corrected SQL is refused.", {{std::move(pointer), problem}}};
}

Task<Result<std::string>> Service::submit(Principal principal, RequestContext context,
                                          std::string session_id, std::string body) {
  auto node = wire::parse_json(body);
  if (!node) co_return node.error();
  // The frame names no session: its connection does.
  const bool has_session = node->find("session_id") != nullptr;
  wire::JsonNode id;
  id.kind = wire::JsonNode::Kind::string;
  id.string = session_id;
  if (!has_session) node->members.push_back({"session_id", std::move(id)});
  auto decoded = wire::decode_node<SubmitBody>(*node);
  if (!decoded) co_return decoded.error();
  const SubmitBody& wanted = decoded->message;
  if (wanted.session_id != session_id)
    co_return Error{Errc::invalid_request,
                    "The frame names another session.",
                    {{"/session_id", "is not this one"}}};
  auto known =
      co_await look_up(std::move(principal), std::move(context), session_id, wanted.response_id);
  if (!known) co_return known.error();
  auto event = from_submit(known->subject, wanted, config_);
  if (!event) co_return event.error();
  const Result<void> checked = co_await check_sql(event->data.corrected_sql, "/data/corrected_sql");
  if (!checked) co_return checked.error();
  fill_from_response(*event, known->response);
  auto receipt = co_await keep(std::move(*event));
  if (!receipt) co_return receipt.error();
  co_return wire::encode(*receipt);
}

Task<Result<void>> Service::handle(FeedbackEvent event, contracts::RecordPlace place) {
  KnownResponse response;
  if (event.verified) {
    auto found = co_await ports_.sessions.find_response(event.response_id);
    if (!found) co_return found.error();
    response = std::move(*found);
    // A record that claims another's response is no feedback of ours.
    if (response && response->tenant_id != event.tenant_id)
      co_return fail(Errc::corrupt, "The tenants differ.");
  }
  auto signals = signals_of(event, response);
  contracts::FeedbackRow row{event, std::move(place)};
  auto stored = co_await ports_.store.put(std::move(row), signals);
  if (!stored) co_return stored.error();
  // Signals are reported again for a copy: their ids are the same, and a crash in between lost
  // none.
  for (auto& signal : signals) {
    auto receipt = co_await ports_.events.publish(std::move(signal));
    if (!receipt) co_return receipt.error();
  }
  if (*stored)
    for (auto* observer : ports_.observers) observer->on_feedback(event);
  co_return Result<void>{};
}

/// Under X-Idempotency-Key an event's id comes from the key.
FeedbackEvent named(const edge::Call& call, FeedbackEvent event) {
  const auto key = call.request.header("X-Idempotency-Key");
  if (!key.empty())
    event.event_id = event_id_of(call.principal, call.request.path, key, call.request.body);
  return event;
}

void Service::warn_if_unknown(edge::Call& call, const Subject& subject) {
  if (!subject.verified)
    call.warn("UNKNOWN_RESPONSE",
              "The response is not known here: the feedback is kept, but does not teach.");
}

Task<Result<edge::Reply>> Service::submit_route(edge::Call& call) {
  auto body = call.body<SubmitBody>();
  if (!body) co_return body.error();
  auto known = co_await look_up(call.principal, call.context, body->session_id, body->response_id);
  if (!known) co_return known.error();
  auto event = from_submit(known->subject, *body, config_);
  if (!event) co_return event.error();
  const Result<void> checked = co_await check_sql(event->data.corrected_sql, "/data/corrected_sql");
  if (!checked) co_return checked.error();
  fill_from_response(*event, known->response);
  warn_if_unknown(call, known->subject);
  auto receipt = co_await keep(named(call, std::move(*event)));
  if (!receipt) co_return receipt.error();
  co_return edge::reply(*receipt);
}

Task<Result<edge::Reply>> Service::correction_route(edge::Call& call) {
  auto body = call.body<CorrectionBody>();
  if (!body) co_return body.error();
  const Result<void> checked = co_await check_sql(body->corrected_sql, "/corrected_sql");
  if (!checked) co_return checked.error();
  auto known = co_await look_up(call.principal, call.context, body->session_id, body->response_id);
  if (!known) co_return known.error();
  auto event = from_correction(known->subject, *body, known->response);
  if (!event) co_return event.error();
  warn_if_unknown(call, known->subject);
  auto receipt = co_await keep(named(call, std::move(*event)));
  if (!receipt) co_return receipt.error();
  co_return edge::reply(*receipt);
}

Task<Result<edge::Reply>> Service::rating_route(edge::Call& call) {
  auto body = call.body<RatingBody>();
  if (!body) co_return body.error();
  auto known = co_await look_up(call.principal, call.context, body->session_id, body->response_id);
  if (!known) co_return known.error();
  warn_if_unknown(call, known->subject);
  auto receipt = co_await keep(named(call, from_rating(known->subject, *body)));
  if (!receipt) co_return receipt.error();
  co_return edge::reply(*receipt);
}

Task<Result<FeedbackEvent>> Service::own_event(edge::Call& call) {
  auto found = co_await ports_.store.find(call.principal.tenant_id, call.param("event_id"));
  if (!found) co_return found.error();
  if (!*found || (*found)->user_id != call.principal.user_id)
    co_return fail(Errc::not_found, "There is no such feedback.");
  co_return std::move(**found);
}

Task<Result<edge::Reply>> Service::show_route(edge::Call& call) {
  auto event = co_await own_event(call);
  if (!event) co_return event.error();
  co_return edge::reply(*event);
}

Task<Result<edge::Reply>> Service::change_route(edge::Call& call) {
  auto body = call.body<ChangeBody>();
  if (!body) co_return body.error();
  auto old = co_await own_event(call);
  if (!old) co_return old.error();
  auto event = from_change(*old, *body);
  if (!event) co_return event.error();
  auto receipt = co_await keep(named(call, std::move(*event)));
  if (!receipt) co_return receipt.error();
  co_return edge::reply(*receipt);
}

/// `since` as RFC 3339 or a date.
Result<contracts::FeedbackStore::Filter> filter_of(const edge::Call& call) {
  contracts::FeedbackStore::Filter filter;
  filter.tenant_id = call.principal.tenant_id;
  if (auto id = call.text("session_id"); !id.empty()) filter.session_id = std::move(id);
  if (auto id = call.text("response_id"); !id.empty()) filter.response_id = std::move(id);
  const std::string since = call.text("since");
  if (since.empty()) return filter;
  filter.since = parse_rfc3339(since);
  if (const auto date = parse_date(since)) filter.since = WallTime(std::chrono::sys_days(*date));
  if (!filter.since)
    return Error{Errc::invalid_request,
                 "A parameter is wrong.",
                 {{"/since", "must be an RFC 3339 time or a date"}}};
  return filter;
}

Task<Result<edge::Reply>> Service::summary_route(edge::Call& call) {
  auto filter = filter_of(call);
  if (!filter) co_return filter.error();
  auto counts = co_await ports_.store.count(std::move(*filter));
  if (!counts) co_return counts.error();
  Summary summary;
  summary.by_type = counts->by_type;
  const auto of = [&](wire::FeedbackType type) {
    const auto found = counts->by_type.find(std::string(name_of(type)));
    return found == counts->by_type.end() ? std::int64_t{0} : found->second;
  };
  for (const auto& [_, count] : counts->by_type) summary.total += count;
  if (counts->rating_count > 0)
    summary.mean_rating = counts->rating_sum / static_cast<double>(counts->rating_count);
  const auto accepting =
      of(wire::FeedbackType::thumbs_up) + of(wire::FeedbackType::implicit_accept);
  const auto rejecting = of(wire::FeedbackType::thumbs_down) +
                         of(wire::FeedbackType::implicit_reject) +
                         of(wire::FeedbackType::correction) + of(wire::FeedbackType::escalation);
  if (accepting + rejecting > 0)
    summary.acceptance_rate =
        static_cast<double>(accepting) / static_cast<double>(accepting + rejecting);
  for (const auto& [day, count] : counts->by_day) summary.trend.push_back({day, count});
  summary.as_of = ports_.sources.wall.now();
  co_return edge::reply(summary);
}

Task<Result<edge::Reply>> Service::export_route(edge::Call& call) {
  const auto format = enum_from<ExportFormat>(call.text("format"));
  if (!format)
    co_return Error{Errc::invalid_request,
                    "A parameter is wrong.",
                    {{"/format", "must be one of sft, dpo, kto"}}};
  auto filter = filter_of(call);
  if (!filter) co_return filter.error();
  std::string lines;
  std::string after;
  std::size_t rows = 0;
  for (;;) {
    auto page = co_await ports_.store.signals(*filter, after, kExportPage);
    if (!page) co_return page.error();
    for (const auto& signal : *page) {
      after = signal.event_id;
      if (rows >= config_.export_max) break;
      if (auto line = export_line(signal, *format)) lines += *line + '\n', ++rows;
    }
    if (page->size() < kExportPage || rows >= config_.export_max) break;
  }
  co_return edge::reply_whole(net::make_response(200, "application/x-ndjson", std::move(lines)));
}

void Service::add_routes(edge::Routes& routes) {
  const auto spec = [](net::Method method, std::string path, security::Right right,
                       std::string action, std::string summary) {
    edge::RouteSpec made;
    made.method = method;
    made.pattern = "/api/v1/feedback/" + std::move(path);
    made.right = right;
    made.action = std::move(action);
    made.summary = std::move(summary);
    made.resource_type = "feedback";
    return made;
  };
  const std::string receipt = wire::inline_schema<ReceiptView>();
  const auto creates = [&](edge::RouteSpec made, std::string body) {
    made.request_schema = std::move(body);
    made.response_schema = receipt;
    made.success = 202;
    made.idempotent = true;
    return made;
  };
  using net::Method;
  using security::Right;
  // Fixed paths before the one with a parameter is only for readers: the router prefers literals
  // anyway.
  routes.add(
      creates(spec(Method::post, "submit", Right::respond, "feedback.submit", "Vote on an answer."),
              wire::inline_schema<SubmitBody>()),
      [this](edge::Call& call) { return submit_route(call); });
  routes.add(creates(spec(Method::post, "correction", Right::respond, "feedback.correct",
                          "Say what an answer should have been."),
                     wire::inline_schema<CorrectionBody>()),
             [this](edge::Call& call) { return correction_route(call); });
  routes.add(creates(spec(Method::post, "rating", Right::respond, "feedback.rate",
                          "Rate an answer from one to five."),
                     wire::inline_schema<RatingBody>()),
             [this](edge::Call& call) { return rating_route(call); });

  auto summary = spec(Method::get, "summary", Right::read, "feedback.summary",
                      "Counts, mean rating, acceptance, trend.");
  summary.response_schema = wire::inline_schema<Summary>();
  summary.query = {{"session_id", "Only this session."},
                   {"response_id", "Only this answer."},
                   {"since", "RFC 3339 time or date."}};
  routes.add(summary, [this](edge::Call& call) { return summary_route(call); });

  auto exported =
      spec(Method::get, "export", Right::curate, "feedback.export", "NDJSON for model tuning.");
  exported.content_type = "application/x-ndjson";
  exported.query = {{"format", "sft, dpo or kto.", true}, {"since", "RFC 3339 time or date."}};
  routes.add(exported, [this](edge::Call& call) { return export_route(call); });

  auto show = spec(Method::get, "{event_id}", Right::respond, "feedback.read", "One's own vote.");
  show.resource_param = "event_id";
  show.response_schema = wire::inline_schema<FeedbackEvent>();
  routes.add(show, [this](edge::Call& call) { return show_route(call); });
  auto change = creates(
      spec(Method::put, "{event_id}", Right::respond, "feedback.change", "Change one's own vote."),
      wire::inline_schema<ChangeBody>());
  change.resource_param = "event_id";
  routes.add(change, [this](edge::Call& call) { return change_route(call); });
}

}  // namespace

std::unique_ptr<Feedback> make_feedback(FeedbackConfig config, Ports ports) {
  return std::make_unique<Service>(config, std::move(ports));
}

}  // namespace loquat::feedback
