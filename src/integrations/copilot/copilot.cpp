#include "loquat/copilot/copilot.hpp"

#include <algorithm>

#include "candidates.hpp"
#include "known_follow_ups.hpp"
#include "loquat/degradation/guard.hpp"
#include "loquat/wire/codec.hpp"
#include "messages.hpp"

namespace loquat::copilot {
namespace {

using contracts::Principal;
using contracts::Task;

constexpr std::string_view kName = "copilot";
constexpr auto kModeBudget = std::chrono::milliseconds(20);
/// The mode is kept beside the profiles, for a user who cannot exist: ids hold no control
/// characters.
std::string mode_key(const Principal& principal) { return "\x1fmode\x1f" + principal.user_id; }

std::string ask_payload(const std::string& message) {
  return "{\"message\":" + wire::quote_json(message) + "}";
}

std::string capitalized(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z')
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

degradation::GuardConfig guard_config() {
  degradation::GuardConfig config;
  config.retry.attempts_max = 1;
  config.timeout = std::chrono::seconds(2);
  return config;
}

class Service final : public Copilot {
 public:
  Service(CopilotConfig config, Ports ports)
      : config_(config),
        ports_(std::move(ports)),
        guard_(ports_.executor, std::string(kName), guard_config(), ports_.board,
               ports_.sources.random) {
    follow_ups_found_ = ports_.telemetry.metrics().counter("loquat_copilot_follow_up_hits_total",
                                                           "Answers whose follow-ups were known.");
  }

  Task<Result<std::vector<wire::Suggestion>>> suggest(contracts::SuggestRequest request) override {
    std::vector<wire::Suggestion> none;
    if (!config_.enabled || !request.query || !request.model) co_return none;
    const std::string mode = co_await mode_of(request.principal);
    if (mode == "passive") co_return none;
    CandidateRequest wanted{request.model, request.question, *request.query, request.today,
                            config_.suggestions_max};
    if (const auto known = follow_ups_.find(wanted)) {
      follow_ups_found_.add();
      co_return dressed(*known);
    }
    auto work = [wanted] { return follow_ups(wanted); };
    auto candidates = co_await proven(std::move(work));
    if (!candidates) co_return candidates.error();
    auto suggestions = dressed(*candidates);
    follow_ups_.put(wanted, std::move(*candidates));
    co_return suggestions;
  }

  Task<Result<void>> set_mode(Principal principal, std::string mode) override {
    const std::string json = wire::encode(Mode{std::move(mode)});
    auto checked = wire::decode<Mode>(json);
    if (!checked) co_return checked.error();
    const std::string known = known_mode_key(principal);
    modes_.forget(known);
    auto saved = co_await ports_.profiles.save(principal.tenant_id, mode_key(principal), json);
    modes_.forget(known);  // somebody may have read the old one meanwhile
    co_return saved;
  }

  void add_routes(edge::Routes& routes) override;
  Task<void> stop() override { co_return; }

 private:
  using Candidates = std::vector<Candidate>;
  /// Runs `work` on the worker pool.
  template <class Work>
  Task<Result<Candidates>> proven(Work work) {
    degradation::Guard::Attempt<Candidates> attempt = [this, work = std::move(work)](Time) {
      auto copy = work;
      return ports_.workers.run(std::move(copy));
    };
    const Time deadline = Clock::now() + std::chrono::seconds(2);
    co_return co_await guard_.call<Candidates>(std::move(attempt), deadline);
  }

  /// What is sent: each time under an id of its own.
  std::vector<wire::Suggestion> dressed(const Candidates& candidates) {
    std::vector<wire::Suggestion> suggestions;
    for (const auto& candidate : candidates) {
      wire::Suggestion suggestion;
      suggestion.suggestion_id = make_id("sg", ports_.sources);
      suggestion.type = candidate.type;
      suggestion.content = capitalized(candidate.message);
      suggestion.confidence = candidate.confidence;
      suggestion.action.type = "ask";
      suggestion.action.payload.text = ask_payload(candidate.message);
      suggestions.push_back(std::move(suggestion));
    }
    return suggestions;
  }

  static std::string known_mode_key(const Principal& principal) {
    return CacheKey().add(principal.tenant_id).add(principal.user_id).take();
  }

  Task<std::string> mode_of(Principal principal) {
    std::string known_key = known_mode_key(principal);
    if (const auto known = modes_.find(known_key)) co_return *known;
    auto asked = ports_.profiles.load(principal.tenant_id, mode_key(principal));
    auto stored = co_await runtime::with_deadline<std::optional<std::string>>(
        std::move(asked), Clock::now() + kModeBudget);
    if (!stored) co_return Mode{}.mode;
    auto mode = std::make_shared<std::string>(Mode{}.mode);
    if (*stored)
      if (auto read = wire::decode<Mode>(**stored)) *mode = std::move(read->message.mode);
    modes_.put(std::move(known_key), mode, mode->size());
    co_return *mode;
  }

  Task<Result<edge::Reply>> suggestions(edge::Call& call) {
    const auto model = co_await ports_.models.visible_to(call.principal);
    Suggestions out;
    out.mode = co_await mode_of(call.principal);
    if (!model || !config_.enabled) co_return edge::reply(out);
    const Date today = ports_.today();
    const std::size_t most = config_.starters_max;
    auto work = [model, today, most] { return starters(*model, today, most); };
    auto found = co_await proven(std::move(work));
    if (found)
      out.suggestions = dressed(*found);
    else
      call.degraded.emplace_back(kName);
    co_return edge::reply(out);
  }

  Task<Result<edge::Reply>> explain(edge::Call& call) {
    auto wanted = call.body<ExplainRequest>();
    if (!wanted) co_return wanted.error();
    if (wanted->response_id)
      co_return co_await explain_response(call.principal, *wanted->response_id);
    if (wanted->metric) co_return explain_metric(*wanted->metric);
    if (wanted->sql) co_return co_await explain_sql(*wanted->sql);
    co_return Error{Errc::invalid_request,
                    "Say what to explain.",
                    {{"", "needs one of response_id, sql, metric"}}};
  }

  Task<Result<edge::Reply>> explain_response(Principal principal, std::string response_id) {
    auto found = co_await ports_.sessions.find_response(response_id);
    if (!found) co_return found.error();
    if (!*found || (*found)->tenant_id != principal.tenant_id ||
        (*found)->user_id != principal.user_id)
      co_return fail(Errc::not_found, "There is no such response.");
    const wire::JsonLimits limits{
        .bytes_max = 64U << 20U, .depth_max = 64, .values_max = 20'000'000};
    auto answer = wire::decode<wire::Answer>((*found)->answer_json, limits);
    if (!answer) co_return fail(Errc::not_found, "This response is not finished.");
    const auto& a = answer->message;
    Explanation out;
    out.explanation = a.interpretation;
    out.sql = a.sql;
    if (a.provenance) {
      out.metrics = a.provenance->metrics;
      out.tables = a.provenance->models;
      out.filters = a.provenance->filters;
    }
    co_return edge::reply(out);
  }

  Result<edge::Reply> explain_metric(const std::string& name) {
    const auto model = ports_.models.current();
    const auto* metric = model ? model->index->metric(name) : nullptr;
    if (metric == nullptr) return fail(Errc::not_found, "There is no metric of that name.");
    contracts::MetricQuery query;
    query.metrics = {metric->name};
    Explanation out;
    out.metrics = {metric->name};
    out.explanation = "**" + (metric->label.empty() ? metric->name : metric->label) + "**" +
                      (metric->description.empty() ? "" : ": " + metric->description) + " (" +
                      std::string(name_of(metric->type)) + " metric)";
    if (auto compiled = model->index->compile(query, {})) {
      out.sql = compiled->sql;
      out.tables = compiled->relations;
      out.filters = compiled->filters;
      out.metrics = compiled->metrics;
    }
    return edge::reply(out);
  }

  Task<Result<edge::Reply>> explain_sql(std::string sql) {
    auto facts = co_await ports_.inspector.inspect(sql, "duckdb");
    if (!facts) co_return facts.error();
    Explanation out;
    out.tables = facts->tables;
    out.sql = std::move(sql);
    out.explanation =
        facts->problems.empty() ? "One read-only statement." : "This would be refused:";
    for (const auto& problem : facts->problems) out.explanation += "\n- " + problem;
    co_return edge::reply(out);
  }

  Task<Result<edge::Reply>> guide(edge::Call& call) {
    auto wanted = call.body<GuideRequest>();
    if (!wanted) co_return wanted.error();
    const auto model = co_await ports_.models.visible_to(call.principal);
    if (!model) co_return fail(Errc::unprocessable_question, "No dbt model has been imported yet.");
    const Date today = ports_.today();
    auto work = [model, today, goal = wanted->goal] { return guide_for(*model, goal, today); };
    auto guide = co_await ports_.workers.run(std::move(work));
    if (!guide) co_return guide.error();
    co_return edge::reply(*guide);
  }

  static Guide guide_for(const contracts::ModelSnapshot& model, const std::string& goal,
                         Date today) {
    semantic::PlanRequest request;
    request.question = goal;
    request.today = today;
    request.data_start = model.data_start;
    request.data_end = model.data_end;
    const auto outcome = semantic::plan(*model.vocabulary, request);
    Guide guide{outcome.interpretation, {}};
    const auto offer = [&](const std::vector<semantic::ClarifyOption>& options) {
      for (const auto& option : options) guide.steps.push_back({option.label, option.message});
    };
    if (const auto* planned = std::get_if<semantic::Planned>(&outcome.result)) {
      guide.steps.push_back({"Start with the figure itself.", goal});
      CandidateRequest wanted{std::make_shared<contracts::ModelSnapshot>(model), goal,
                              planned->query, today, 3};
      for (const auto& next : follow_ups(wanted))
        guide.steps.push_back({"Then look closer.", next.message});
    } else if (const auto* clarify = std::get_if<semantic::Clarify>(&outcome.result)) {
      guide.summary = clarify->question;
      offer(clarify->options);
    } else if (const auto* refuse = std::get_if<semantic::Refuse>(&outcome.result)) {
      guide.summary = refuse->message;
      offer(refuse->near);
    } else if (const auto* text = std::get_if<semantic::ModelAnswer>(&outcome.result)) {
      guide.summary = text->text;
    }
    return guide;
  }

  Task<Result<edge::Reply>> show_mode(edge::Call& call) {
    Mode mode{co_await mode_of(call.principal)};
    co_return edge::reply(mode);
  }
  Task<Result<edge::Reply>> change_mode(edge::Call& call) {
    auto wanted = call.body<Mode>();
    if (!wanted) co_return wanted.error();
    const Result<void> saved = co_await set_mode(call.principal, wanted->mode);
    if (!saved) co_return saved.error();
    co_return edge::reply(*wanted);
  }

  CopilotConfig config_;
  Ports ports_;
  degradation::Guard guard_;
  KnownFollowUps follow_ups_;
  RecentCache<std::string> modes_{10'000, 1U << 20U};  ///< by tenant and user
  observability::Counter follow_ups_found_;
};

void Service::add_routes(edge::Routes& routes) {
  const auto spec = [](net::Method method, std::string path, security::Right right,
                       std::string action, std::string summary) {
    edge::RouteSpec made;
    made.method = method;
    made.pattern = "/api/v1/copilot/" + std::move(path);
    made.right = right;
    made.action = std::move(action);
    made.summary = std::move(summary);
    made.resource_type = "copilot";
    return made;
  };
  auto starters_spec = spec(net::Method::get, "suggestions", security::Right::read,
                            "copilot.suggestions", "Questions to start with.");
  starters_spec.response_schema = wire::inline_schema<Suggestions>();
  starters_spec.query = {{"session_id", "The session."}, {"context", "Free text; not kept."}};
  routes.add(starters_spec, [this](edge::Call& call) { return suggestions(call); });
  auto explain_spec = spec(net::Method::post, "explain", security::Right::ask, "copilot.explain",
                           "Explain an answer, a statement or a metric.");
  explain_spec.request_schema = wire::inline_schema<ExplainRequest>();
  explain_spec.response_schema = wire::inline_schema<Explanation>();
  routes.add(explain_spec, [this](edge::Call& call) { return explain(call); });
  auto guide_spec = spec(net::Method::post, "guide", security::Right::ask, "copilot.guide",
                         "Steps towards a goal.");
  guide_spec.request_schema = wire::inline_schema<GuideRequest>();
  guide_spec.response_schema = wire::inline_schema<Guide>();
  routes.add(guide_spec, [this](edge::Call& call) { return guide(call); });
  auto mode_spec = spec(net::Method::get, "mode", security::Right::read, "copilot.mode",
                        "How forward the copilot is.");
  mode_spec.response_schema = wire::inline_schema<Mode>();
  routes.add(mode_spec, [this](edge::Call& call) { return show_mode(call); });
  mode_spec.method = net::Method::put;
  mode_spec.right = security::Right::ask;
  mode_spec.action = "copilot.set_mode";
  mode_spec.told = {"mode"};
  mode_spec.summary = "Choose how forward the copilot is.";
  mode_spec.request_schema = wire::inline_schema<Mode>();
  routes.add(mode_spec, [this](edge::Call& call) { return change_mode(call); });
}

}  // namespace

std::unique_ptr<Copilot> make_copilot(CopilotConfig config, Ports ports) {
  ports.board.add(std::string(kName), "Answers come without suggestions.",
                  config.enabled ? degradation::Health::up : degradation::Health::disabled);
  return std::make_unique<Service>(config, std::move(ports));
}

}  // namespace loquat::copilot
