#include "loquat/agents/orchestrator.hpp"

#include <algorithm>

#include "loquat/agents/analysis.hpp"
#include "loquat/agents/narration.hpp"
#include "loquat/agents/quality.hpp"
#include "loquat/agents/viz.hpp"
#include "loquat/base/check.hpp"
#include "loquat/wire/error_codes.hpp"
#include "loquat/agents/rows.hpp"
#include "orchestrator/state.hpp"

namespace loquat::agents {
namespace {

constexpr std::size_t kRowsPerChunk = 500;

std::string lower_first(std::string text) {
  if (text.size() > 1 && text[0] >= 'A' && text[0] <= 'Z' && !(text[1] >= 'A' && text[1] <= 'Z'))
    text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

std::string describe_words(const semantic::PlanOutcome& outcome) {
  std::string text;
  for (const auto& word : outcome.words) {
    if (word.meaning.empty()) continue;
    if (!text.empty()) text += "; ";
    text += word.meaning;
  }
  return text.empty() ? "No word of the question stands in the model." : text;
}

std::vector<wire::DecisionAlternative> alternatives_of(const semantic::PlanOutcome& outcome) {
  constexpr std::size_t kMost = 5;
  std::vector<wire::DecisionAlternative> all;
  for (const auto& candidate : outcome.metrics_considered) {
    if (all.size() == kMost) break;
    all.push_back({candidate.what, candidate.score});
  }
  return all;
}

wire::Provenance provenance_of(const semantic::CompiledQuery& compiled,
                               const contracts::MetricQuery& query,
                               const contracts::ModelSnapshot& model,
                               const std::string& time_phrase) {
  wire::Provenance out;
  out.metrics = compiled.metrics;
  out.models = compiled.semantic_models;
  out.columns = compiled.source_columns;
  out.filters = compiled.filters;
  if (query.start_time || query.end_time) {
    wire::TimeRange range;
    const auto start = compiled.range_start ? compiled.range_start : query.start_time;
    const auto end = compiled.range_end ? compiled.range_end : query.end_time;
    if (start) range.start = format_date(*start);
    if (end) range.end = format_date(*end);
    if (!time_phrase.empty()) range.phrase = time_phrase;
    out.time_range = std::move(range);
  }
  if (model.data_end) out.data_as_of = format_date(*model.data_end);
  out.model_version = model.version;
  return out;
}

}  // namespace

Orchestrator::Orchestrator(TurnInput input, RandomSource& random)
    : state_(std::make_unique<State>(std::move(input), random)) {}
Orchestrator::~Orchestrator() = default;
Orchestrator::Orchestrator(Orchestrator&&) noexcept = default;

Actions Orchestrator::start(Now now) {
  State& s = *state_;
  s.started = now;
  s.root_span_id = make_hex(8, s.random);
  s.answer.message_id = s.input.message_id;
  s.answer.response_id = s.input.response_id;
  s.answer.trace_id = s.input.trace_id;
  s.visit(kOrchestrator);
  Actions out;
  out.push_back(Emit{wire::StreamStartEntry{std::string(kOrchestrator)}});
  out.push_back(Emit{wire::StatusEntry{"thinking", std::string(kRouter)}});
  if (!s.input.model) {
    s.answer.intent = "no_model";
    s.answer.status = wire::AnswerStatus::unanswerable;
    s.answer.interpretation = "The question was not read: no dbt model has been imported.";
    s.say(out,
          "This cannot be answered, because no dbt model has been imported yet. An operator finds "
          "the "
          "reason in `GET /api/v1/integrations/dbt/status`.");
    s.finish(out, now);
    return out;
  }
  s.begin_step(out,
               Step{kOrchestrator,
                    wire::StepType::INTENT_ANALYSIS,
                    "plan question",
                    "Find out what is asked, from the model's own words.",
                    {},
                    wire::SpanKind::internal,
                    {}},
               now);
  PlanTask task;
  task.model = s.input.model;
  task.request.question = s.input.question;
  task.request.today = s.input.today;
  task.request.refine = s.input.refine;
  task.request.preferred_grain = s.input.preferences.grain;
  task.request.data_start = s.input.model->data_start;
  task.request.data_end = s.input.model->data_end;
  task.request.may_see_personal_data = s.input.may_see_personal_data;
  if (s.input.previous)
    task.request.previous = semantic::PreviousTurn{
        s.input.previous->question, s.input.previous->query, s.input.previous->time_phrase};
  task.options.dialect =
      s.input.dialect == "trino" ? semantic::Dialect::trino : semantic::Dialect::duckdb;
  task.options.row_limit_max = s.input.row_limit;
  out.push_back(Plan{std::move(task)});
  return out;
}

Actions Orchestrator::planned(PlanDone done, Now now) {
  State& s = *state_;
  LOQUAT_CHECK(!s.is_over && s.step);
  Actions out;
  s.planning_ms = done.planning_ms;
  s.answer.confidence = std::clamp(done.outcome.confidence, 0.0, 1.0);
  s.answer.interpretation = done.outcome.interpretation;
  const double confidence = s.answer.confidence;
  const bool is_plan = std::holds_alternative<semantic::Planned>(done.outcome.result);
  s.end_step(
      out,
      {done.outcome.interpretation.empty() ? "The question was read." : done.outcome.interpretation,
       describe_words(done.outcome), confidence},
      now);

  if (const auto* text = std::get_if<semantic::ModelAnswer>(&done.outcome.result)) {
    s.decide(out, kRouter, wire::DecisionType::route, "model_question",
             {{"metric_query", 1 - confidence}}, confidence,
             "The question is about the model itself.");
    s.answer.intent = "model_question";
    wire::Provenance provenance;
    provenance.metrics = text->metrics;
    provenance.model_version = s.input.model->version;
    s.answer.provenance = std::move(provenance);
    s.say(out, text->text);
    s.finish(out, now);
    return out;
  }
  if (const auto* clarify = std::get_if<semantic::Clarify>(&done.outcome.result)) {
    s.decide(out, kRouter, wire::DecisionType::clarify, "clarification",
             alternatives_of(done.outcome), confidence, "Several readings are about as good.");
    s.answer.intent = "clarification";
    s.answer.status = wire::AnswerStatus::clarification;
    wire::Clarification question{clarify->question, {}};
    for (const auto& option : clarify->options)
      question.options.push_back({option.label, option.message});
    s.answer.clarification = question;
    wire::ClarificationEntry entry;
    static_cast<wire::Clarification&>(entry) = std::move(question);
    out.push_back(Emit{std::move(entry)});
    s.say(out, clarify->question);
    s.finish(out, now);
    return out;
  }
  if (const auto* refuse = std::get_if<semantic::Refuse>(&done.outcome.result)) {
    s.decide(out, kRouter, wire::DecisionType::route, "refuse", alternatives_of(done.outcome),
             confidence, std::string(name_of(refuse->reason)));
    s.answer.intent = name_of(refuse->reason);
    s.answer.status = wire::AnswerStatus::unanswerable;
    if (s.answer.interpretation.empty()) s.answer.interpretation = refuse->message;
    for (const auto& option : refuse->near) {
      wire::Suggestion near{
          "sg-" + make_hex(16, s.random), "near", option.label, confidence, {}, {"ask", {}}};
      near.action.payload.text = "{\"message\":" + wire::quote_json(option.message) + "}";
      s.answer.suggestions.push_back(near);
      out.push_back(Emit{wire::SuggestionEntry{std::move(near)}});
    }
    s.say(out, refuse->message);
    s.finish(out, now);
    return out;
  }

  LOQUAT_CHECK(is_plan);
  auto& plan = std::get<semantic::Planned>(done.outcome.result);
  s.query = plan.query;
  s.time_phrase = plan.time_phrase;
  s.answer.intent = plan.is_follow_up ? "refinement" : "metric_query";
  s.answer.query = to_shape(plan.query);
  s.decide(out, kRouter, wire::DecisionType::route, s.answer.intent,
           {{"clarification", 1 - confidence}}, confidence,
           plan.is_follow_up ? "The question changes the last query."
                             : "The question asks for governed metrics.");
  s.decide(out, kRouter, wire::DecisionType::metric,
           plan.query.metrics.empty() ? "" : plan.query.metrics.front(),
           alternatives_of(done.outcome), confidence, "The best match of the model's vocabulary.");
  out.push_back(
      Emit{wire::InterpretationEntry{s.answer.interpretation, s.answer.query, confidence}});

  s.begin_step(out,
               Step{kSqlAgent,
                    wire::StepType::SQL_GENERATION,
                    "compile metric query",
                    "Turn the metric query into governed SQL.",
                    {},
                    wire::SpanKind::internal,
                    {}},
               now);
  if (!done.compiled) {
    const std::string why =
        done.compile_error ? done.compile_error->detail : "the query does not compile";
    s.end_step(out, {"The query cannot be compiled.", why, 0, wire::ThinkingStatus::failed}, now);
    s.answer.status = wire::AnswerStatus::unanswerable;
    s.say(out, "This cannot be answered, because " + lower_first(why));
    s.finish(out, now);
    return out;
  }
  s.compiled = std::move(done.compiled);
  s.sources = std::move(done.sources);
  s.unit = std::move(done.unit);
  s.answer.sql = s.compiled->sql;
  s.answer.dialect = s.input.dialect;
  s.answer.query_id = s.input.query_id;
  s.answer.provenance = provenance_of(*s.compiled, *s.query, *s.input.model, s.time_phrase);
  s.end_step(out,
             {"One SELECT over " + std::to_string(s.compiled->relations.size()) + " relation(s).",
              "Compiled from " + std::to_string(s.compiled->metrics.size()) +
                  " metric(s); read-only by construction.",
              confidence},
             now);
  out.push_back(Emit{wire::SqlEntry{s.compiled->sql, s.input.dialect, s.input.query_id}});
  s.decide(out, kSqlAgent, wire::DecisionType::tool, "query_engine", {}, 1,
           "The compiled statement needs rows.");
  s.begin_step(out,
               Step{kSqlAgent,
                    wire::StepType::TOOL_SELECTION,
                    "execute query",
                    "Run the statement.",
                    {},
                    wire::SpanKind::client,
                    {}},
               now);
  out.push_back(Emit{wire::StatusEntry{"executing", std::string(kSqlAgent)}});
  out.push_back(
      Emit{wire::ToolCallEntry{"query_engine",
                               {"{\"query_id\":" + wire::quote_json(s.input.query_id) +
                                ",\"row_limit\":" + std::to_string(s.input.row_limit) + "}"}}});
  out.push_back(RunQuery{s.compiled->sql, s.input.row_limit, *s.query, s.sources,
                         s.compiled->relations, s.step->span_id});
  return out;
}

Actions Orchestrator::queried(QueryDone done, Now now) {
  State& s = *state_;
  LOQUAT_CHECK(!s.is_over && s.step && s.compiled);
  Actions out;
  s.query_ms = done.query_ms;
  if (!done.result) {
    const Error& error = done.result.error();
    s.query_error = error.detail;
    if (error.code == Errc::cancelled) return stopped(error, now);
    s.end_step(
        out,
        {"The query did not run.",
         error.detail,
         0,
         wire::ThinkingStatus::failed,
         {{"db.system.name", s.input.dialect}, {"error.type", std::string(to_string(error.code))}}},
        now);
    const bool is_away =
        error.code == Errc::query_engine_unavailable || error.code == Errc::unavailable;
    if (is_away)
      out.push_back(Emit{
          wire::DegradedEntry{"query_engine", "The plan and the SQL are shown without rows."}});
    const auto code = wire::to_http(is_away ? Errc::query_engine_unavailable : error.code);
    out.push_back(Emit{wire::ErrorEntry{std::string(code.name), error.detail, code.retryable}});
    s.decide(out, kOrchestrator, wire::DecisionType::fallback, "plan_without_rows", {}, 1,
             error.detail);
    s.answer.status = wire::AnswerStatus::failed;
    wire::AnswerData empty;
    for (const auto& column : s.compiled->columns) empty.columns.push_back(to_wire(column));
    s.answer.data = std::move(empty);
    s.say(out, is_away
                   ? "The question was understood, but the query engine is not available right "
                     "now. The plan "
                     "and the SQL are below; ask again in a moment."
                   : "The question was understood, but the query did not finish: " + error.detail);
    s.finish(out, now);
    return out;
  }

  auto rows = std::make_shared<contracts::ResultSet>(std::move(*done.result));
  label_columns(*rows, s.compiled->columns);
  s.rows = rows;
  const std::string count =
      std::to_string(rows->rows.size()) + (rows->rows.size() == 1 ? " row" : " rows");
  s.end_step(out,
             {count + ".",
              "The engine answered with " + count + ".",
              1,
              wire::ThinkingStatus::ok,
              {{"db.system.name", s.input.dialect},
               {"db.operation.name", "SELECT"},
               {"db.response.returned_rows", std::to_string(rows->rows.size())},
               {"loquat.answered_by", done.answered_by}}},
             now);
  out.push_back(Emit{
      wire::ToolResultEntry{done.answered_by.empty() ? "query_engine" : done.answered_by, count}});
  emit_data(out, *rows, kRowsPerChunk);
  s.answer.data = data_of(*rows);
  if (done.cached_age_ms)
    out.push_back(Emit{wire::DegradedEntry{
        "query_engine", "These rows are " +
                            std::to_string(static_cast<std::int64_t>(*done.cached_age_ms / 1000)) +
                            " s old: the engine is away."}});

  s.begin_step(out,
               Step{kQuality,
                    wire::StepType::VALIDATION,
                    "check answer",
                    "Is the result what was asked?",
                    {},
                    wire::SpanKind::internal,
                    {}},
               now);
  const auto quality = check_quality(*s.query, *rows, s.answer.confidence);
  s.end_step(out,
             {quality.problems.empty() ? "The result is what was asked." : quality.problems.front(),
              {},
              quality.score},
             now);

  s.begin_step(out,
               Step{kAnalysisAgent,
                    wire::StepType::RESPONSE,
                    "analyse rows",
                    "Look for what stands out.",
                    {},
                    wire::SpanKind::internal,
                    {}},
               now);
  SeriesContext series{s.compiled->time_column, s.query->metrics, grain_of(s.compiled->time_column),
                       s.unit, s.input.today};
  auto insights = find_anomalies(*rows, series);
  for (auto& insight : insights) {
    insight.event_id = make_id(wire::InsightEvent::kPrefix, now.wall, s.random);
    insight.response_id = s.answer.response_id;
    insight.evidence = {s.compiled->sql, s.input.query_id};
    auto shown = to_wire(insight);
    s.answer.insights.push_back(shown);
    wire::InsightEntry entry;
    static_cast<wire::AnswerInsight&>(entry) = std::move(shown);
    out.push_back(Emit{std::move(entry)});
    out.push_back(Report{std::move(insight)});
  }
  s.end_step(
      out,
      {insights.empty() ? "Nothing stands out." : std::to_string(insights.size()) + " insight(s).",
       {},
       1},
      now);

  s.begin_step(out,
               Step{kVizAgent,
                    wire::StepType::RESPONSE,
                    "choose chart",
                    "Draw the rows so that they can be read.",
                    {},
                    wire::SpanKind::internal,
                    {}},
               now);
  const auto chart = choose_chart(*rows, s.input.preferences.chart_type);
  s.answer.visualization = chart.visualization;
  const bool used_grain = !s.input.preferences.grain.empty() &&
                          series.grain == s.input.preferences.grain &&
                          !mentions(s.input.question, series.grain);
  s.answer.personalized = chart.was_preferred || used_grain;
  wire::VisualizationEntry drawn;
  static_cast<wire::Visualization&>(drawn) = chart.visualization;
  out.push_back(Emit{std::move(drawn)});
  s.end_step(
      out,
      {"A " + chart.visualization.type + ".",
       chart.was_preferred ? "The user's preferred chart fits." : "The shape of the rows decides.",
       1},
      now);

  const bool is_ranked =
      s.query->limit.has_value() && !s.query->order_by.empty() && s.compiled->time_column.empty();
  const std::string style =
      s.input.response_style.empty() ? s.input.preferences.response_style : s.input.response_style;
  s.say(out, narrate(*rows, s.unit, is_ranked, style));
  wire::MetricsEvent measured;
  measured.response_id = s.answer.response_id;
  measured.agent = kQuality;
  measured.metrics = {{"answer_latency_ms", milliseconds_between(s.started, now)},
                      {"planning_ms", s.planning_ms},
                      {"query_ms", s.query_ms},
                      {"rows", static_cast<double>(rows->rows.size())},
                      {"confidence", s.answer.confidence},
                      {"quality_score", quality.score}};
  measured.labels = {{"intent", s.answer.intent}, {"status", "complete"}};
  out.push_back(Report{std::move(measured)});
  out.push_back(AskSuggestions{s.query});
  return out;
}

Actions Orchestrator::suggested(std::vector<wire::Suggestion> suggestions, Now now) {
  State& s = *state_;
  LOQUAT_CHECK(!s.is_over);
  Actions out;
  for (auto& suggestion : suggestions) {
    s.answer.suggestions.push_back(suggestion);
    out.push_back(Emit{wire::SuggestionEntry{std::move(suggestion)}});
  }
  s.finish(out, now);
  return out;
}

Actions Orchestrator::stopped(Error why, Now now) {
  State& s = *state_;
  Actions out;
  if (s.is_over) return out;
  const bool is_cancelled = why.code == Errc::cancelled;
  s.query_error = why.detail;
  s.end_step(out,
             {is_cancelled ? "Cancelled." : "Stopped.", why.detail, 0,
              is_cancelled ? wire::ThinkingStatus::cancelled : wire::ThinkingStatus::failed},
             now);
  s.answer.status = is_cancelled ? wire::AnswerStatus::cancelled : wire::AnswerStatus::failed;
  if (s.answer.intent.empty()) s.answer.intent = "unknown";
  if (s.answer.interpretation.empty())
    s.answer.interpretation = "The question was not read to its end.";
  if (!is_cancelled) {
    const auto code = wire::to_http(why.code);
    out.push_back(Emit{wire::ErrorEntry{std::string(code.name), why.detail, code.retryable}});
  }
  s.say(out,
        is_cancelled ? "The answer was cancelled." : "The answer was not finished: " + why.detail);
  s.finish(out, now);
  return out;
}

}  // namespace loquat::agents
