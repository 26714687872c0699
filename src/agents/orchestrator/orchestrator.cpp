#include "loquat/agents/orchestrator.hpp"

#include "loquat/base/check.hpp"
#include "loquat/wire/error_codes.hpp"
#include "orchestrator/state.hpp"

namespace loquat::agents {

Orchestrator::Orchestrator(TurnInput input, RandomSource& random)
    : state_(std::make_unique<State>(std::move(input), random)) {}
Orchestrator::~Orchestrator() = default;
Orchestrator::Orchestrator(Orchestrator&&) noexcept = default;

Actions Orchestrator::start(Now now) {
  State& s = *state_;
  s.begin(now);
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
  task.learnt = s.input.learnt;
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
  task.options.row_filters = s.input.row_filters;
  out.push_back(Plan{std::move(task)});
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
  if (s.root_span_id.empty()) s.begin(now);  // stopped while it waited, or by a restart
  const bool is_cancelled = why.code == Errc::cancelled;
  if (s.words) {
    // The answer itself is whole: only what a language model says of it is cut short.
    s.say_more(out, now);
    s.end_step(out, {"Cut short.", why.detail, 0, wire::ThinkingStatus::cancelled}, now);
    s.words.reset();
    s.finish(out, now);
    return out;
  }
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
