#include "orchestrator/state.hpp"

#include <algorithm>

#include "loquat/base/utf8.hpp"

namespace loquat::agents {
namespace {

constexpr std::size_t kTextChunkMax = 240;

wire::SpanStatus span_status(wire::ThinkingStatus status) {
  if (status == wire::ThinkingStatus::cancelled) return wire::SpanStatus::cancelled;
  return status == wire::ThinkingStatus::failed ? wire::SpanStatus::error : wire::SpanStatus::ok;
}

wire::Outcome outcome_of(wire::AnswerStatus status) {
  switch (status) {
    case wire::AnswerStatus::complete:
      return wire::Outcome::success;
    case wire::AnswerStatus::clarification:
    case wire::AnswerStatus::unanswerable:
      return wire::Outcome::partial;
    case wire::AnswerStatus::cancelled:
    case wire::AnswerStatus::failed:
      return wire::Outcome::failure;
  }
  return wire::Outcome::failure;
}

}  // namespace

double milliseconds_between(Now from, Now to) {
  return std::chrono::duration<double, std::milli>(to.steady - from.steady).count();
}

void Orchestrator::State::visit(std::string_view agent) {
  if (std::ranges::find(answer.agents_visited, agent) == answer.agents_visited.end())
    answer.agents_visited.emplace_back(agent);
}

void Orchestrator::State::begin_step(Actions& out, Step begun, Now now) {
  begun.started = now;
  begun.span_id = make_hex(8, random);
  visit(begun.agent);
  out.push_back(
      Emit{wire::StepStartEntry{std::string(name_of(begun.type)), std::string(begun.agent)}});
  step = std::move(begun);
}

void Orchestrator::State::end_step(Actions& out, StepEnd end, Now now) {
  if (!step) return;
  const double duration = milliseconds_between(step->started, now);
  wire::ThinkingEvent thought;
  thought.step_index = step_index++;
  thought.step_type = step->type;
  thought.agent = step->agent;
  thought.goal = step->goal;
  thought.reasoning = end.reasoning.empty() ? end.summary : end.reasoning;
  thought.confidence = end.confidence;
  thought.duration_ms = duration;
  thought.status = end.status;
  wire::TraceEvent span;
  span.span_id = step->span_id;
  span.parent_span_id = root_span_id;
  span.name = step->name;
  span.agent = step->agent;
  span.kind = step->kind;
  span.start_time = step->started.wall;
  span.end_time = now.wall;
  span.duration_ms = duration;
  span.status = span_status(end.status);
  span.goal = step->goal;
  span.attributes = std::move(end.attributes);
  span.attributes["gen_ai.agent.name"] = step->agent;
  out.push_back(
      Emit{wire::StepCompleteEntry{std::string(name_of(step->type)), std::string(step->agent),
                                   std::move(end.summary), duration}});
  out.push_back(Report{std::move(thought)});
  out.push_back(Report{std::move(span)});
  step.reset();
}

void Orchestrator::State::decide(Actions& out, std::string_view agent, wire::DecisionType type,
                                 std::string chosen,
                                 std::vector<wire::DecisionAlternative> alternatives,
                                 double confidence, std::string rationale) {
  visit(agent);
  wire::DecisionEvent decision;
  decision.step_index = step_index;
  decision.agent = agent;
  decision.decision_type = type;
  decision.chosen = std::move(chosen);
  decision.alternatives = std::move(alternatives);
  decision.confidence = confidence;
  decision.rationale = std::move(rationale);
  out.push_back(Report{std::move(decision)});
}

void Orchestrator::State::use_learnt(Actions& out, const LearntUse& use) {
  const bool is_verified = use.kind == contracts::LearntKind::verified;
  answer.intent = is_verified ? "verified_answer" : "memory_answer";
  learnt_id = use.id;
  answer.learnt_from =
      wire::LearntFrom{std::string(name_of(use.kind)),      use.id,    use.version, use.question,
                       use.is_variant ? "variant" : "same", use.author};
  out.push_back(Emit{wire::LearntFromEntry{*answer.learnt_from}});
  decide(out, kRouter, wire::DecisionType::route, is_verified ? "verified_answer" : "memory_item",
         {{"planner", 1 - answer.confidence}}, answer.confidence,
         is_verified ? "A curator vouches for this question's query."
                     : "Corrections taught this question's query.");
}

void Orchestrator::State::say(Actions& out, std::string text) {
  answer.response = std::move(text);
  std::string_view rest = answer.response;
  while (!rest.empty()) {
    std::string_view chunk = clip_utf8(rest, kTextChunkMax);
    if (chunk.size() < rest.size()) {
      const auto space = chunk.find_last_of(" \n");
      if (space != std::string_view::npos && space > 0) chunk = chunk.substr(0, space + 1);
    }
    out.push_back(Emit{wire::TextEntry{std::string(chunk)}});
    rest.remove_prefix(chunk.size());
  }
}

void Orchestrator::State::begin(Now now) {
  started = now;
  root_span_id = make_hex(8, random);
  answer.message_id = input.message_id;
  answer.response_id = input.response_id;
  answer.trace_id = input.trace_id;
}

void Orchestrator::State::measure(Actions& out, Now now) {
  is_measured = true;
  wire::MetricsEvent measured;
  measured.response_id = answer.response_id;
  measured.agent = kQuality;
  measured.metrics = {{"answer_latency_ms", milliseconds_between(started, now)},
                      {"planning_ms", planning_ms},
                      {"confidence", answer.confidence}};
  if (query_ms > 0) measured.metrics["query_ms"] = query_ms;
  if (rows) {
    measured.metrics["rows"] = static_cast<double>(rows->rows.size());
    measured.metrics["quality_score"] = quality_score;
  }
  measured.labels = {{"intent", answer.intent}, {"status", std::string(name_of(answer.status))}};
  out.push_back(Report{std::move(measured)});
}

void Orchestrator::State::finish(Actions& out, Now now) {
  is_over = true;
  if (!is_measured)
    measure(out, now);  // no rows to tell of: asked back, refused, failed, cancelled
  answer.execution_time_ms = milliseconds_between(started, now);
  wire::TraceEvent root;
  root.span_id = root_span_id;
  if (!input.parent_span_id.empty()) root.parent_span_id = input.parent_span_id;
  root.name = "invoke_agent orchestrator";
  root.agent = kOrchestrator;
  root.kind = wire::SpanKind::server;
  root.start_time = started.wall;
  root.end_time = now.wall;
  root.duration_ms = answer.execution_time_ms;
  root.status = answer.status == wire::AnswerStatus::failed      ? wire::SpanStatus::error
                : answer.status == wire::AnswerStatus::cancelled ? wire::SpanStatus::cancelled
                                                                 : wire::SpanStatus::ok;
  root.goal = "Answer the question.";
  root.outcome = outcome_of(answer.status);
  root.attributes = {{"gen_ai.operation.name", "invoke_agent"},
                     {"gen_ai.agent.name", std::string(kOrchestrator)},
                     {"loquat.intent", answer.intent}};
  root.model_ids_used = {"loquat-planner"};
  if (!model_id.empty()) root.model_ids_used.push_back(model_id);
  out.push_back(Report{std::move(root)});

  wire::CompleteEntry complete;
  complete.response_id = answer.response_id;
  complete.status = answer.status;
  complete.execution_time_ms = answer.execution_time_ms;
  complete.answer = answer;
  if (complete.answer.data) complete.answer.data->rows.reset();
  out.push_back(Emit{std::move(complete)});

  Finish end;
  end.answer = std::make_shared<const wire::Answer>(answer);
  if (query && answer.status == wire::AnswerStatus::complete)
    end.last_query = LastQuery{input.question, *query, time_phrase};
  end.result = rows;
  end.query_error = query_error;
  end.learnt_id = learnt_id;
  end.planning_ms = planning_ms;
  end.query_ms = query_ms;
  out.push_back(std::move(end));
}

}  // namespace loquat::agents
