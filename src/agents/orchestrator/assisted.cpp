#include "loquat/agents/assist.hpp"
#include "loquat/agents/orchestrator.hpp"
#include "loquat/base/check.hpp"
#include "orchestrator/state.hpp"

/// Where the planner would ask back or refuse, a language model may propose a query; for users who
/// set it so, also where the planner is sure.
namespace loquat::agents {

bool Orchestrator::State::wants_help(const semantic::PlanOutcome& outcome) const {
  using semantic::RefusalReason;
  if (!input.may_ask_model || unsure || input.refine) return false;
  if (input.preferences.language_model == "never") return false;
  // A follow-up lives on the last question, which the model does not see.
  if (const auto* plan = std::get_if<semantic::Planned>(&outcome.result))
    return input.preferences.language_model == "always" && !plan->is_follow_up;
  if (std::holds_alternative<semantic::Clarify>(outcome.result)) return true;
  const auto* refuse = std::get_if<semantic::Refuse>(&outcome.result);
  if (refuse == nullptr) return false;
  return refuse->reason != RefusalReason::write_request &&
         refuse->reason != RefusalReason::policy &&
         refuse->reason != RefusalReason::personal_data && refuse->reason != RefusalReason::no_data;
}

void Orchestrator::State::ask_model(Actions& out, semantic::PlanOutcome outcome, Now now) {
  unsure = std::make_shared<const semantic::PlanOutcome>(std::move(outcome));
  begin_step(out,
             Step{kRouter,
                  wire::StepType::TOOL_SELECTION,
                  "chat language_model",
                  std::holds_alternative<semantic::Planned>(unsure->result)
                      ? "The user wants a language model's reading too."
                      : "The planner is not sure: ask a language model for a query.",
                  {},
                  wire::SpanKind::client,
                  {}},
             now);
  out.push_back(Emit{wire::ToolCallEntry{"language_model", {"{}"}}});
  AssistPrompt prompt = make_prompt(*input.model, input.question, input.today);
  out.push_back(
      AskModel{std::move(prompt.system), std::move(prompt.user), std::move(prompt.json_schema)});
}

Actions Orchestrator::assisted(ModelDone done, Now now) {
  State& s = *state_;
  LOQUAT_CHECK(!s.is_over && s.step && s.unsure);
  Actions out;
  const bool is_away = !done.reply;
  StepEnd end;
  end.summary = is_away ? "No proposal." : "A proposal came back.";
  end.reasoning = is_away ? done.reply.error().detail : "It is checked before anything runs.";
  end.status = is_away ? wire::ThinkingStatus::degraded : wire::ThinkingStatus::ok;
  end.attributes = {{"gen_ai.operation.name", "chat"},
                    {"gen_ai.response.model", done.model_id},
                    {"gen_ai.usage.input_tokens", std::to_string(done.input_tokens)},
                    {"gen_ai.usage.output_tokens", std::to_string(done.output_tokens)}};
  out.push_back(Emit{wire::ToolResultEntry{"language_model", end.summary}});
  s.end_step(out, std::move(end), now);
  if (is_away)
    out.push_back(Emit{wire::DegradedEntry{"llm", "The deterministic planner answers alone."}});
  else
    s.model_id = done.model_id;
  s.begin_step(out,
               Step{kRouter,
                    wire::StepType::VALIDATION,
                    "check proposal",
                    "Does the proposal hold against the model and the question?",
                    {},
                    wire::SpanKind::internal,
                    {}},
               now);
  PlanTask task;
  task.model = s.input.model;
  task.request.question = s.input.question;
  task.request.today = s.input.today;
  task.options.dialect =
      s.input.dialect == "trino" ? semantic::Dialect::trino : semantic::Dialect::duckdb;
  task.options.row_filters = s.input.row_filters;
  task.unsure = s.unsure;
  if (!is_away) task.proposal = std::move(*done.reply);
  out.push_back(Plan{std::move(task)});
  return out;
}

}  // namespace loquat::agents
