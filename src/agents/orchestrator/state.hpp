#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "loquat/agents/model_words.hpp"
#include "loquat/agents/orchestrator.hpp"

namespace loquat::agents {

inline constexpr std::string_view kOrchestrator = "orchestrator";
inline constexpr std::string_view kRouter = "router";
inline constexpr std::string_view kSqlAgent = "sql_agent";
inline constexpr std::string_view kAnalysisAgent = "analysis_agent";
inline constexpr std::string_view kVizAgent = "viz_agent";
inline constexpr std::string_view kQuality = "quality";

/// A step under way: its entries, its thought and its span come from one place.
struct Step {
  std::string_view agent;
  wire::StepType type = wire::StepType::INTENT_ANALYSIS;
  std::string name;  ///< of the span, e.g. `plan question`
  std::string goal;
  std::string span_id;
  wire::SpanKind kind = wire::SpanKind::internal;
  Now started{};
};

/// How a step ended.
struct StepEnd {
  std::string summary;
  std::string reasoning;
  double confidence = 0;
  wire::ThinkingStatus status = wire::ThinkingStatus::ok;
  std::map<std::string, std::string> attributes{};
};

struct Orchestrator::State {
  State(TurnInput in, RandomSource& source) : input(std::move(in)), random(source) {}

  TurnInput input;
  RandomSource& random;
  Now started{};
  wire::Answer answer;
  std::shared_ptr<const contracts::ResultSet> rows;
  std::optional<contracts::MetricQuery> query;
  std::optional<semantic::CompiledQuery> compiled;
  std::vector<PlanDone::OutputSource> sources;
  std::optional<std::string> unit;
  std::string time_phrase;
  std::string query_error;
  std::optional<std::string> learnt_id;  ///< the taught item that answered
  double planning_ms = 0;
  double query_ms = 0;
  int step_index = 0;
  std::optional<Step> step;
  std::string root_span_id;
  std::shared_ptr<const semantic::PlanOutcome> unsure;  ///< while a language model is asked
  std::string model_id;
  std::vector<PlanDone::Probe> probes;  ///< not run yet
  std::vector<std::string> emptied_by;  ///< conditions without which there are rows
  std::optional<PlanDone::Probe> probing;
  std::optional<QueryDone> held;  ///< the rows (none) while probes run
  bool is_over = false;
  bool is_measured = false;
  double quality_score = 0;
  std::optional<ModelWords> words;  ///< while a language model tells of the rows
  std::string unsaid;               ///< of its words what waits for the next entry
  Time said_at{};                   ///< its last entry

  /// Runs the next probe; false if there is none left.
  bool probe_next(Actions& out, Now now);
  [[nodiscard]] std::vector<std::string> what_is_missing() const;
  void begin_step(Actions& out, Step step, Now now);
  void end_step(Actions& out, StepEnd end, Now now);
  void decide(Actions& out, std::string_view agent, wire::DecisionType type, std::string chosen,
              std::vector<wire::DecisionAlternative> alternatives, double confidence,
              std::string rationale);
  void use_learnt(Actions& out, const LearntUse& use);
  [[nodiscard]] bool wants_help(const semantic::PlanOutcome& outcome) const;
  void ask_model(Actions& out, semantic::PlanOutcome outcome, Now now);
  /// Gives the answer its ids and its start.
  void begin(Now now);
  [[nodiscard]] bool wants_words() const;
  [[nodiscard]] bool asks_for_a_person() const;
  void ask_words(Actions& out, const std::vector<std::size_t>& personal_columns, Now now);
  void say_more(Actions& out, Now now);
  /// What follows the words: figures about the answer, suggestions.
  void after_words(Actions& out, Now now);
  void visit(std::string_view agent);
  void say(Actions& out, std::string text);
  /// Figures of the answer as it stands, for the topic of metrics; once an answer.
  void measure(Actions& out, Now now);
  void finish(Actions& out, Now now);
};

[[nodiscard]] double milliseconds_between(Now from, Now to);

}  // namespace loquat::agents
