#include <algorithm>

#include "loquat/agents/orchestrator.hpp"

#include "loquat/base/check.hpp"
#include "orchestrator/state.hpp"

/// What follows from the plan: a clarification, a refusal, an answer from the model, or a query.
namespace loquat::agents {
namespace {

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

  if (!done.learnt && s.wants_help(done.outcome)) {
    s.ask_model(out, std::move(done.outcome), now);
    return out;
  }
  if (!done.assist_problem.empty())
    s.decide(out, kRouter, wire::DecisionType::fallback, "planner", {{"language_model", 0}}, 1,
             done.assist_problem);

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
           done.is_assisted    ? "A language model's proposal holds against the model."
           : plan.is_follow_up ? "The question changes the last query."
                               : "The question asks for governed metrics.");
  s.decide(out, kRouter, wire::DecisionType::metric,
           plan.query.metrics.empty() ? "" : plan.query.metrics.front(),
           alternatives_of(done.outcome), confidence, "The best match of the model's vocabulary.");
  out.push_back(
      Emit{wire::InterpretationEntry{s.answer.interpretation, s.answer.query, confidence}});

  if (done.learnt) s.use_learnt(out, *done.learnt);

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
  s.probes = std::move(done.probes);
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

}  // namespace loquat::agents
