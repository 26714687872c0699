#include "loquat/agents/orchestrator.hpp"

#include "loquat/agents/analysis.hpp"
#include "loquat/agents/narration.hpp"
#include "loquat/agents/quality.hpp"
#include "loquat/agents/rows.hpp"
#include "loquat/agents/viz.hpp"
#include "loquat/base/check.hpp"
#include "loquat/semantic/known_values.hpp"
#include "loquat/wire/error_codes.hpp"
#include "orchestrator/state.hpp"

/// What follows from the rows, or from their absence: checks, insights, chart, words.
namespace loquat::agents {
namespace {
constexpr std::size_t kRowsPerChunk = 500;
}

bool Orchestrator::State::probe_next(Actions& out, Now now) {
  if (probes.empty()) return false;
  probing = std::move(probes.front());
  probes.erase(probes.begin());
  begin_step(out,
             Step{kQuality,
                  wire::StepType::VALIDATION,
                  "explain no rows",
                  "Are there rows without " + probing->left_out + "?",
                  {},
                  wire::SpanKind::client,
                  {}},
             now);
  out.push_back(RunQuery{
      probing->compiled.sql, 1, probing->query, {}, probing->compiled.relations, step->span_id});
  return true;
}

std::vector<std::string> Orchestrator::State::what_is_missing() const {
  AskedFor asked;
  asked.time_column = compiled->time_column;
  asked.grain = grain_of(compiled->time_column);
  asked.start = query->start_time;
  asked.end = query->end_time;
  asked.data_start = input.model->data_start;
  asked.data_end = input.model->data_end;
  if (input.model->vocabulary)
    for (auto& listed : semantic::listed_values(*input.model->vocabulary, *query))
      asked.values.push_back({std::move(listed.dimension), std::move(listed.values)});
  auto missing = missing_from(*rows, asked);
  if (holds_nothing(*rows) && !emptied_by.empty())
    missing.push_back("Without " + emptied_by.front() + " there would be rows.");
  return missing;
}

Actions Orchestrator::queried(QueryDone done, Now now) {
  State& s = *state_;
  LOQUAT_CHECK(!s.is_over && s.compiled && (s.step || s.held));
  Actions out;
  if (s.probing) {
    if (!done.result && done.result.error().code == Errc::cancelled)
      return stopped(done.result.error(), now);
    const bool has_rows = done.result && !holds_nothing(*done.result);
    if (has_rows) s.emptied_by.push_back(s.probing->left_out);
    s.end_step(out,
               {has_rows ? "Without it there are rows." : "Without it there are none either.",
                s.probing->left_out, 1},
               now);
    s.probing.reset();
    // The first condition that explains it is enough.
    if (!has_rows && done.result && s.probe_next(out, now)) return out;
    done = std::move(*s.held);
    s.held.reset();
  } else {
    s.query_ms = done.query_ms;
    if (done.result && holds_nothing(*done.result) && !s.probes.empty()) {
      s.end_step(out, {"No rows.", "Which condition leaves none is looked for.", 1}, now);
      s.held = std::move(done);
      if (s.probe_next(out, now)) return out;
      done = std::move(*s.held);
    }
  }
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
  if (s.step)
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
  std::string words = narrate(*rows, s.unit, is_ranked, style);
  s.answer.checks = s.what_is_missing();
  for (const std::string& check : s.answer.checks) words += " " + check;
  s.say(out, std::move(words));
  s.quality_score = quality.score;
  if (s.wants_words())
    s.ask_words(out, done.personal_columns, now);
  else
    s.after_words(out, now);
  return out;
}

}  // namespace loquat::agents
