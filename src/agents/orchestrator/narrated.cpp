#include <algorithm>

#include "loquat/agents/rows.hpp"
#include "loquat/base/check.hpp"
#include "orchestrator/state.hpp"

/// A language model's words about the rows, below our own: only what the rows bear out.
namespace loquat::agents {
namespace {
constexpr auto kBetweenEntries = std::chrono::milliseconds(20);  // contract, section 2: text
constexpr std::string_view kWhoseWords = "\n\n*In a language model's words:* ";
const std::string kMask = "•••";

/// True if a text is compared with, outside of the names in `{{ }}`.
bool holds_a_text(std::string_view filter) {
  while (!filter.empty()) {
    const std::size_t begin = std::min(filter.find("{{"), filter.size());
    if (filter.substr(0, begin).find('\'') != std::string_view::npos) return true;
    const std::size_t end = filter.find("}}", begin);
    if (end == std::string_view::npos) return false;
    filter.remove_prefix(end + 2);
  }
  return false;
}
}  // namespace

/// A filter's value stands in the question and its reading: who filters by personal data tells it
/// to nobody else.
bool Orchestrator::State::asks_for_a_person() const {
  if (!input.may_see_personal_data || query->where.empty()) return false;
  const auto dimensions = input.model->index->dimensions_for(query->metrics);
  if (!dimensions) return true;
  return std::ranges::any_of(*dimensions, [this](const semantic::DimensionInfo& dimension) {
    if (!dimension.personal_data) return false;
    return std::ranges::any_of(query->where, [&](const std::string& filter) {
      return filter.find(dimension.name) != std::string::npos && holds_a_text(filter);
    });
  });
}

bool Orchestrator::State::wants_words() const {
  const bool is_allowed = input.may_ask_model && input.narration_rows_max > 0 &&
                          input.preferences.language_model != "never";
  const std::string& style =
      input.response_style.empty() ? input.preferences.response_style : input.response_style;
  return is_allowed && !asks_for_a_person() && style != "brief" && !rows->rows.empty() &&
         rows->rows.size() <= kNarratedRowsMax;
}

void Orchestrator::State::ask_words(Actions& out, const std::vector<std::size_t>& personal_columns,
                                    Now now) {
  NarratedResult told{input.question, answer.interpretation, rows, unit,
                      compiled->time_column.empty() ? "" : grain_of(compiled->time_column)};
  if (!personal_columns.empty()) {
    auto masked = std::make_shared<contracts::ResultSet>(*rows);
    for (const std::size_t column : personal_columns)
      for (auto& row : masked->rows)
        if (!contracts::is_null(row[column])) row[column] = kMask;
    told.rows = std::move(masked);
  }
  begin_step(out,
             Step{kAnalysisAgent,
                  wire::StepType::RESPONSE,
                  "chat language_model",
                  "Let a language model tell of the rows.",
                  {},
                  wire::SpanKind::client,
                  {}},
             now);
  NarrationPrompt prompt = make_narration_prompt(told, input.narration_rows_max);
  words.emplace(std::move(told));
  out.push_back(AskWords{std::move(prompt.system), std::move(prompt.user)});
}

void Orchestrator::State::say_more(Actions& out, Now now) {
  if (unsaid.empty()) return;
  answer.response += unsaid;
  out.push_back(Emit{wire::TextEntry{std::move(unsaid)}});
  unsaid.clear();
  said_at = now.steady;
}

Actions Orchestrator::heard(std::string_view piece, Now now) {
  State& s = *state_;
  Actions out;
  if (s.is_over || !s.words) return out;
  const bool is_first = s.words->shown() == 0;
  std::string more = s.words->take(piece);
  if (is_first && !more.empty()) s.unsaid += kWhoseWords;
  s.unsaid += more;
  if (now.steady - s.said_at >= kBetweenEntries) s.say_more(out, now);
  return out;
}

Actions Orchestrator::narrated(ModelDone done, Now now) {
  State& s = *state_;
  LOQUAT_CHECK(!s.is_over && s.step && s.words);
  Actions out;
  const bool is_away = !done.reply;
  // Of what broke off, the whole sentences stay: they hold.
  if (!is_away) {
    const bool is_first = s.words->shown() == 0;
    std::string more = s.words->finish();
    if (is_first && !more.empty()) s.unsaid += kWhoseWords;
    s.unsaid += more;
  }
  s.say_more(out, now);
  StepEnd end;
  const int shown = s.words->shown();
  const int refused = s.words->refused();
  end.summary = is_away ? "No words." : std::to_string(shown) + " sentence(s).";
  end.reasoning = is_away        ? done.reply.error().detail
                  : refused == 0 ? "The rows bear them out."
                                 : std::to_string(refused) +
                                       " sentence(s) were left out: the rows "
                                       "do not bear them out.";
  end.confidence = is_away ? 0 : 1;
  end.status = is_away ? wire::ThinkingStatus::degraded : wire::ThinkingStatus::ok;
  end.attributes = {{"gen_ai.operation.name", "chat"},
                    {"gen_ai.response.model", done.model_id},
                    {"gen_ai.usage.input_tokens", std::to_string(done.input_tokens)},
                    {"gen_ai.usage.output_tokens", std::to_string(done.output_tokens)},
                    {"loquat.narration.shown", std::to_string(shown)},
                    {"loquat.narration.refused", std::to_string(refused)}};
  s.end_step(out, std::move(end), now);
  if (is_away)
    out.push_back(Emit{wire::DegradedEntry{"llm", "The answer is told in the planner's words."}});
  s.words.reset();
  s.after_words(out, now);
  return out;
}

void Orchestrator::State::after_words(Actions& out, Now now) {
  measure(out, now);
  out.push_back(AskSuggestions{query});
}

}  // namespace loquat::agents
