#pragma once
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "loquat/agents/learnt.hpp"
#include "loquat/agents/query_shape.hpp"
#include "loquat/base/clock.hpp"
#include "loquat/contracts/turn.hpp"
#include "loquat/semantic/planner.hpp"
#include "loquat/wire/entries.hpp"

/// What the agents ask of their driver, and what it tells them. Plain data.
namespace loquat::agents {

/// Both clocks at one moment; the driver reads them.
struct Now {
  Time steady{};
  WallTime wall{};
};

struct TurnInput {
  std::string message_id, response_id, query_id;
  std::string trace_id, parent_span_id;
  std::string question;
  bool refine = false;
  Date today{};
  std::shared_ptr<const contracts::ModelSnapshot> model;  ///< nullptr: nothing imported yet
  std::shared_ptr<const LearntBook> learnt;               ///< nullptr: nothing was taught
  std::optional<LastQuery> previous;
  contracts::Preferences preferences;
  std::string dialect = "duckdb";
  std::int64_t row_limit = 10'000;
  bool may_see_personal_data = false;
  std::vector<contracts::RowFilter> row_filters{};  ///< of the caller; put into every query
  bool may_ask_model = false;          ///< a language model may help where the planner is not sure
  std::size_t narration_rows_max = 0;  ///< rows that it may see to tell of them; 0: it does not
  std::string response_style;
  std::vector<std::string> degraded;  ///< integrations whose fall-back this turn already uses
};

/// Work for the worker pool: planning and compiling, pure and thread safe.
struct PlanTask {
  std::shared_ptr<const contracts::ModelSnapshot> model;
  std::shared_ptr<const LearntBook> learnt;
  semantic::PlanRequest request;
  semantic::CompileOptions options;
  /// Set: nothing is planned; `proposal`, a language model's reply, is checked, and this holds if
  /// it will not do (or is empty).
  std::shared_ptr<const semantic::PlanOutcome> unsure;
  std::string proposal;
};
struct PlanDone {
  semantic::PlanOutcome outcome;
  std::optional<semantic::CompiledQuery> compiled;  ///< set for a plan that compiles
  std::optional<Error> compile_error;
  struct OutputSource {
    std::size_t column = 0;  ///< index into the compiled columns
    std::string relation, source_column;
    std::optional<bool> personal_data;  ///< what dbt says
  };
  std::vector<OutputSource> sources;  ///< of the output columns that carry source values
  std::optional<std::string> unit;    ///< of the first metric
  std::optional<LearntUse> learnt;    ///< set if the plan was taught, not made
  bool is_assisted = false;           ///< the plan is a language model's, checked
  std::string assist_problem;         ///< why its proposal was not used
  /// The same query without one of its conditions: run, one row each, only if there are no rows, to
  /// say which condition left none.
  struct Probe {
    std::string left_out;  ///< in words
    semantic::CompiledQuery compiled;
    contracts::MetricQuery query;
  };
  std::vector<Probe> probes;
  double planning_ms = 0;
};
[[nodiscard]] PlanDone perform(const PlanTask& task);

/// Appends to the session log.
struct Emit {
  wire::EntryPayload payload;
};
/// A thought, decision, span, metric or insight; the driver fills the common fields and publishes
/// it.
struct Report {
  wire::Event event;
};
struct Plan {
  PlanTask task;
};
/// A language model is asked for a proposal; any failure is an answer too.
struct AskModel {
  std::string system, user, json_schema;
};
struct ModelDone {
  Result<std::string> reply;
  std::string model_id;
  std::int64_t input_tokens = 0, output_tokens = 0;
};
/// A language model is asked to tell of the rows. What it says comes in by `heard`, its end by
/// `narrated`; any failure is an end too.
struct AskWords {
  std::string system, user;
};
struct RunQuery {
  std::string sql;
  std::int64_t row_limit = 0;
  contracts::MetricQuery query;
  std::vector<PlanDone::OutputSource> sources;
  std::vector<std::string> relations;
  std::string span_id;  ///< of the client span, for traceparent
};
struct AskSuggestions {
  std::optional<contracts::MetricQuery> query;
};
/// The turn is over: `answer` is whole; its `complete` entry stands in the actions before this one.
struct Finish {
  std::shared_ptr<const wire::Answer> answer;
  std::optional<LastQuery> last_query;
  std::shared_ptr<const contracts::ResultSet> result;
  std::string query_error;
  std::optional<std::string> learnt_id;  ///< the taught item that answered
  double planning_ms = 0, query_ms = 0;
};
using Action =
    std::variant<Emit, Report, Plan, AskModel, AskWords, RunQuery, AskSuggestions, Finish>;
/// In order. At most the last is one that waits for an outcome (Plan, AskModel, AskWords,
/// RunQuery, AskSuggestions) or Finish.
using Actions = std::deque<Action>;

/// Rows as the user may see them.
struct QueryDone {
  Result<contracts::ResultSet> result;
  double query_ms = 0;
  std::vector<std::string> masked_columns;
  std::vector<std::size_t> personal_columns;  ///< shown to this caller, but to no language model
  std::optional<double> cached_age_ms;        ///< set when an older result stands in for the engine
  std::string answered_by;                    ///< query_engine or semantic_layer
};

}  // namespace loquat::agents
