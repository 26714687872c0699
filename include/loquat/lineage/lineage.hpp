#pragma once
#include <memory>

#include "loquat/base/sources.hpp"
#include "loquat/contracts/ports.hpp"
#include "loquat/contracts/stores.hpp"
#include "loquat/lineage/config.hpp"

namespace loquat::runtime {
class WorkerPool;
}
namespace loquat::net {
class Client;
}
namespace loquat::observability {
class Telemetry;
}
namespace loquat::degradation {
class HealthBoard;
}
namespace loquat::edge {
class Routes;
}
namespace loquat::sql {
class Parser;
}

/// Which columns fed which answer: to the topic, to the trace store, and as copies to the lineage
/// service and the catalog.
namespace loquat::lineage {

/// References outlive the integration.
struct Ports {
  boost::asio::any_io_executor executor;
  runtime::WorkerPool& pool;
  net::Client& client;
  const sql::Parser& parser;
  contracts::EventPublisher& publisher;
  contracts::TraceStore& store;
  contracts::SemanticModels& models;
  contracts::CatalogLineage* catalog;  ///< null: none
  degradation::HealthBoard& board;
  observability::Telemetry& telemetry;
  const Sources& sources;
};

class Lineage {
 public:
  virtual ~Lineage() = default;
  [[nodiscard]] virtual contracts::TurnObserver& observer() noexcept = 0;
  /// POST /api/v1/lineage/extract, GET …/entity/{fqn}/upstream|downstream|traverse,
  /// GET …/queries/{query_id}. Before the server starts; outlives the routes.
  virtual void add_routes(edge::Routes& routes) = 0;
  /// Starts sending copies.
  virtual void start() = 0;
  /// Finishes what is being read until `deadline`, then ends; waiting copies are dropped, counted.
  [[nodiscard]] virtual contracts::Task<void> stop(Time deadline) = 0;
};

/// Lists the integration `lineage` on the board.
[[nodiscard]] std::unique_ptr<Lineage> make_lineage(LineageConfig config, Ports ports);

}  // namespace loquat::lineage
