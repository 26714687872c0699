#pragma once
#include <memory>
#include <optional>
#include <string>

#include "loquat/base/sources.hpp"
#include "loquat/contracts/known_queries.hpp"
#include "loquat/contracts/ports.hpp"
#include "loquat/contracts/stores.hpp"
#include "loquat/dbt/config.hpp"
#include "loquat/degradation/health_board.hpp"
#include "loquat/edge/routes.hpp"
#include "loquat/net/client.hpp"
#include "loquat/runtime/runtime.hpp"

namespace loquat::dbt {

struct Ports {
  runtime::Executor executor;
  Sources sources;
  observability::Telemetry& telemetry;
  degradation::HealthBoard& board;
  runtime::WorkerPool& workers;
  contracts::ModelStore& store;
  contracts::QueryEngine& engine;  ///< values and period of the data, for the vocabulary
  contracts::ColumnTags& tags;
  net::Client& client;
  /// Stored queries that each new model is tested with; nullptr: there are none. Outlives the room.
  contracts::KnownQueries* known_queries = nullptr;
};

/// Imports the dbt project and serves the snapshot in force. A sync is atomic: a new snapshot is
/// swapped in whole, or the old one stays and is called stale. Loop thread only.
class Dbt : public contracts::SemanticModels {
 public:
  /// First import: from the configured paths, else the last good model of the store. Never fails
  /// the start: what is wrong stands in the status.
  [[nodiscard]] virtual contracts::Task<void> start() = 0;
  [[nodiscard]] virtual contracts::Task<void> stop() = 0;
  /// POST /api/v1/integrations/dbt/sync, GET …/status.
  virtual void add_routes(edge::Routes& routes) = 0;
};
[[nodiscard]] std::unique_ptr<Dbt> make_dbt(DbtConfig config, Ports ports);

}  // namespace loquat::dbt
