#include <algorithm>
#include <stdexcept>

#include "export.hpp"
#include "loquat/wire/codec.hpp"
#include "quality.hpp"
#include "service.hpp"

/// What is read back, and the table of all routes.
namespace loquat::feedback {

using wire::FeedbackEvent;

namespace {
constexpr std::string_view kSince =
    R"({"anyOf":[{"type":"string","format":"date-time"},{"type":"string","format":"date"},)"
    R"({"type":"string","const":""}]})";
constexpr std::size_t kExportPage = 500;
constexpr std::size_t kVotesMax = 500;
constexpr std::size_t kQualityRowsMax = 1'000;
}  // namespace

Task<Result<FeedbackEvent>> Service::own_event(edge::Call& call, std::string event_id) {
  std::optional<FeedbackEvent> event;
  if (const auto* recent = recent_.find(call.principal.tenant_id, event_id)) {
    event = *recent;
  } else {
    auto found = co_await ports_.store.find(call.principal.tenant_id, event_id);
    if (!found) co_return found.error();
    event = std::move(*found);
  }
  if (!event || event->user_id != call.principal.user_id)
    co_return fail(Errc::not_found, "There is no such feedback.");
  co_return std::move(*event);
}

Task<Result<std::string>> Service::latest_of(const FeedbackEvent& event) {
  auto stored = co_await ports_.store.latest(event.tenant_id, event.event_id);
  if (!stored) co_return stored.error();
  FeedbackEvent from;
  from.event_id = *stored;
  from.tenant_id = event.tenant_id;
  from.user_id = event.user_id;
  co_return recent_.latest(from);
}

Task<Result<edge::Reply>> Service::show_route(edge::Call& call) {
  auto event = co_await own_event(call, call.param("event_id"));
  if (!event) co_return event.error();
  auto latest = co_await latest_of(*event);
  if (!latest) co_return latest.error();
  VoteView view;
  static_cast<FeedbackEvent&>(view) = std::move(*event);
  if (*latest != view.event_id) view.superseded_by = std::move(*latest);
  co_return edge::reply(view);
}

Task<Result<edge::Reply>> Service::change_route(edge::Call& call) {
  auto body = call.body<ChangeBody>();
  if (!body) co_return body.error();
  auto old = co_await own_event(call, call.param("event_id"));
  if (!old) co_return old.error();
  // A vote that was changed before is changed as it stands now: one of them counts.
  auto latest = co_await latest_of(*old);
  if (!latest) co_return latest.error();
  if (*latest != old->event_id) old = co_await own_event(call, std::move(*latest));
  if (!old) co_return old.error();
  auto event = from_change(*old, *body);
  if (!event) co_return event.error();
  FeedbackEvent change = named(call, std::move(*event));
  // The try before was kept, and only its answer was lost.
  if (change.event_id == change.supersedes) {
    ReceiptView again{change.event_id, "accepted"};
    co_return edge::reply(again);
  }
  auto receipt = co_await keep(std::move(change));
  if (!receipt) co_return receipt.error();
  co_return edge::reply(*receipt);
}

namespace {

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

}  // namespace

Task<Result<edge::Reply>> Service::summary_route(edge::Call& call) {
  auto filter = filter_of(call);
  if (!filter) co_return filter.error();
  auto counts = co_await ports_.store.count(std::move(*filter));
  if (!counts) co_return counts.error();
  Summary summary;
  summary.by_type = counts->by_type;
  const Standings standings = standings_of(counts->by_type);
  summary.total = standings.total;
  summary.acceptance_rate = standings.acceptance_rate;
  if (counts->rating_count > 0)
    summary.mean_rating = counts->rating_sum / static_cast<double>(counts->rating_count);
  for (const auto& [day, count] : counts->by_day) summary.trend.push_back({day, count});
  summary.as_of = ports_.sources.wall.now();
  co_return edge::reply(summary);
}

/// What is still on its way is the author's to see already.
Task<Result<edge::Reply>> Service::votes_route(edge::Call& call) {
  auto filter = filter_of(call);
  if (!filter) co_return filter.error();
  const auto& who = call.principal;
  auto stored = co_await ports_.store.said_by(*filter, who.user_id, kVotesMax);
  if (!stored) co_return stored.error();
  VotesView view;
  view.items = recent_.said_by(who.tenant_id, who.user_id, filter->session_id, filter->response_id);
  std::erase_if(view.items, [&](const FeedbackEvent& event) {
    return filter->since && event.timestamp < *filter->since;
  });
  for (auto& event : *stored) {
    const bool is_known = std::ranges::any_of(
        view.items, [&](const FeedbackEvent& other) { return other.event_id == event.event_id; });
    if (!is_known && !recent_.is_superseded(event)) view.items.push_back(std::move(event));
  }
  if (view.items.size() > kVotesMax) view.items.resize(kVotesMax);
  co_return edge::reply(view);
}

Task<void> Service::put_facts(contracts::AnswerFacts facts) {
  // The quality view may miss an answer while the store is away; the board says so already.
  const Result<void> stored = co_await ports_.store.put_answer(std::move(facts));
  static_cast<void>(stored);
}

Task<Result<edge::Reply>> Service::quality_route(edge::Call& call) {
  const std::string by = call.text("by");
  const auto facet = enum_from<contracts::FeedbackStore::Facet>(by.empty() ? "metric" : by);
  if (!facet)
    co_return Error{Errc::invalid_request,
                    "A parameter is wrong.",
                    {{"/by", "must be one of metric, agent, kind, day"}}};
  auto filter = filter_of(call);
  if (!filter) co_return filter.error();
  auto rows = co_await ports_.store.quality(std::move(*filter), *facet, kQualityRowsMax);
  if (!rows) co_return rows.error();
  QualityView view;
  view.by = name_of(*facet);
  for (const auto& row : *rows) view.rows.push_back(line_of(row));
  view.as_of = ports_.sources.wall.now();
  co_return edge::reply(view);
}

struct Service::Exporting {
  ExportFormat format;
  contracts::FeedbackStore::Filter filter;
  std::shared_ptr<const TaggedNames> tagged;
  std::vector<wire::LearningSignal> page;
  std::size_t left;
};

Task<Result<edge::Reply>> Service::export_route(edge::Call& call) {
  const auto format = enum_from<ExportFormat>(call.text("format"));
  if (!format)
    co_return Error{Errc::invalid_request,
                    "A parameter is wrong.",
                    {{"/format", "must be one of sft, dpo, kto"}}};
  auto filter = filter_of(call);
  if (!filter) co_return filter.error();
  const auto limit = call.number("limit", config_.export_max, 1, config_.export_max);
  if (!limit) co_return limit.error();
  // The first page is read before anything is promised: a store that is away is still an error.
  auto first = co_await ports_.store.signals(*filter, call.text("after"), kExportPage);
  if (!first) co_return first.error();
  Exporting state{*format, std::move(*filter), tagged(), std::move(*first),
                  static_cast<std::size_t>(*limit)};
  auto shared = std::make_shared<Exporting>(std::move(state));
  auto response = net::make_response(200, "application/x-ndjson", "");
  response.stream = [this, shared](net::BodyWriter& out) { return write_export(shared, out); };
  co_return edge::reply_whole(std::move(response));
}

/// A page at a time: memory holds one page, however long the export is, and a slow reader slows
/// the reading.
Task<void> Service::write_export(std::shared_ptr<Exporting> state, net::BodyWriter& out) {
  while (!state->page.empty() && state->left > 0 && !out.is_draining()) {
    std::string lines;
    for (const auto& signal : state->page) {
      if (state->left == 0) break;
      auto line = export_line(signal, state->format, *state->tagged);
      if (!line) continue;
      lines += *line + '\n';
      --state->left;
    }
    const bool is_last = state->page.size() < kExportPage;
    std::string after = state->page.back().event_id;
    state->page.clear();
    if (!lines.empty()) {
      const Result<void> written = co_await out.write(lines);
      if (!written) co_return;
    }
    if (is_last || state->left == 0) co_return;
    auto next = co_await ports_.store.signals(state->filter, std::move(after), kExportPage);
    // The head has gone: a body cut short is how the reader learns; it goes on with `after`.
    if (!next) throw std::runtime_error("The store went away during an export.");
    state->page = std::move(*next);
  }
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
    if (made.method == net::Method::post) made.resource_type = "response";
    if (made.method == net::Method::post) made.resource_member = "response_id";
    made.told = {"session_id", "feedback_type", "rating"};
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
                   {"since", "RFC 3339 time or date.", false, std::string(kSince)}};
  routes.add(summary, [this](edge::Call& call) { return summary_route(call); });

  auto votes = spec(Method::get, "", Right::respond, "feedback.list", "One's own votes.");
  votes.pattern = "/api/v1/feedback";
  votes.response_schema = wire::inline_schema<VotesView>();
  votes.query = {{"session_id", "Only this session."},
                 {"response_id", "Only this answer."},
                 {"since", "RFC 3339 time or date.", false, std::string(kSince)}};
  routes.add(votes, [this](edge::Call& call) { return votes_route(call); });

  auto quality = spec(Method::get, "quality", Right::curate, "feedback.quality",
                      "How good answers are, by metric, agent, kind of question or day.");
  quality.told = {"by", "since"};
  quality.response_schema = wire::inline_schema<QualityView>();
  quality.query = {{"by", "metric (default), agent, kind or day.", false,
                    R"({"type":"string","enum":["","metric","agent","kind","day"]})"},
                   {"since", "RFC 3339 time or date.", false, std::string(kSince)}};
  routes.add(quality, [this](edge::Call& call) { return quality_route(call); });

  auto exported =
      spec(Method::get, "export", Right::curate, "feedback.export", "NDJSON for model tuning.");
  exported.told = {"format", "since", "after", "limit"};
  exported.content_type = "application/x-ndjson";
  exported.query = {
      {"format", "sft, dpo or kto.", true, R"({"type":"string","enum":["sft","dpo","kto"]})"},
      {"since", "RFC 3339 time or date.", false, std::string(kSince)},
      {"after", "signal_id of the last row of the page before."},
      {"limit", "Most rows.", false,
       R"({"type":"integer","minimum":1,"maximum":)" + std::to_string(config_.export_max) + "}"}};
  routes.add(exported, [this](edge::Call& call) { return export_route(call); });

  auto show = spec(Method::get, "{event_id}", Right::respond, "feedback.read", "One's own vote.");
  show.resource_param = "event_id";
  show.response_schema = wire::inline_schema<VoteView>();
  routes.add(show, [this](edge::Call& call) { return show_route(call); });
  auto change = creates(
      spec(Method::put, "{event_id}", Right::respond, "feedback.change", "Change one's own vote."),
      wire::inline_schema<ChangeBody>());
  change.resource_param = "event_id";
  routes.add(change, [this](edge::Call& call) { return change_route(call); });
}

}  // namespace loquat::feedback
