#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "loquat/base/sources.hpp"
#include "loquat/contracts/assistant.hpp"
#include "loquat/contracts/conversations.hpp"
#include "loquat/contracts/learning.hpp"
#include "loquat/contracts/stores.hpp"
#include "loquat/conversation/config.hpp"
#include "loquat/degradation/health_board.hpp"
#include "loquat/runtime/runtime.hpp"

namespace loquat::conversation {

/// What conversation uses. All outlive it; loop thread only.
struct Ports {
  runtime::Executor executor;
  Sources sources;
  observability::Telemetry& telemetry;
  degradation::HealthBoard& board;
  runtime::WorkerPool& workers;
  contracts::SessionStore& store;
  contracts::EventPublisher& events;
  contracts::QueryEngine& engine;
  contracts::SemanticLayer& semantic_layer;
  contracts::SemanticModels& models;
  contracts::Profiles& profiles;
  contracts::Suggester& suggester;
  contracts::ColumnTags& tags;
  std::vector<contracts::TurnObserver*> observers;
  std::function<Date()> today;  ///< what "today" means for relative time
  contracts::LearntQueries* learnt = nullptr;
  contracts::Assistant* assistant = nullptr;
  /// Names of dimensions that a plain user may not see; absent: none are known.
  std::function<std::vector<std::string>()> personal_names{};
};

/// One turn from question to answer, the session log, and who is told afterwards.
class Conversation : public contracts::Conversations {
 public:
  /// Stops taking questions, lets turns finish until `deadline`, then cancels and closes all logs.
  /// Answers that are not there by then say that they are cancelled; before `stop`.
  virtual void cancel_turns_at(Time at) = 0;
  [[nodiscard]] virtual contracts::Task<void> stop(Time deadline) = 0;
  /// How long a new question would wait for its turn.
  [[nodiscard]] virtual Clock::duration expected_wait() const noexcept = 0;
};
[[nodiscard]] std::unique_ptr<Conversation> make_conversation(SessionsConfig config, Ports ports);

/// True if `principal` may see values of columns tagged as personal data: a proven curator or
/// operator.
[[nodiscard]] bool may_see_personal_data(const contracts::Principal& principal);
/// What stands in the place of a value that may not be seen.
[[nodiscard]] std::string_view masked_text() noexcept;
/// Replaces text of columns that `principal` may not see. Out: names of the columns that were
/// masked.
struct SourceColumn {
  std::size_t column = 0;  ///< index into the rows
  std::string relation, source_column;
  std::optional<bool> dbt_says;
};
std::vector<std::string> mask_columns(contracts::ResultSet& rows,
                                      const std::vector<SourceColumn>& sources,
                                      const contracts::ColumnTags& tags,
                                      const contracts::Principal& principal);

}  // namespace loquat::conversation
