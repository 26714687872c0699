#pragma once
#include <functional>
#include <memory>

#include "loquat/base/sources.hpp"
#include "loquat/contracts/known_queries.hpp"
#include "loquat/contracts/learning.hpp"
#include "loquat/contracts/stores.hpp"
#include "loquat/edge/routes.hpp"
#include "loquat/memory/config.hpp"
#include "loquat/runtime/runtime.hpp"

/// What people taught: verified answers and memory items made of corrections, their gate, and the
/// routes to see, activate, retire and undo them.
namespace loquat::memory {

/// References outlive the room; loop thread only.
struct Ports {
  runtime::Executor executor;
  Sources sources;
  observability::Telemetry& telemetry;
  runtime::WorkerPool& workers;
  contracts::LearntStore& store;
  contracts::SessionStore& sessions;
  contracts::SemanticModels& models;
  contracts::QueryEngine& engine;
  contracts::SqlInspector& inspector;
  std::function<Date()> today;
  /// Row filters are in force: a check knows no caller's claims, so it runs nothing, and every item
  /// waits for a person.
  bool has_row_filters = false;
};

class Memory : public contracts::LearntQueries,
               public contracts::CorrectionSink,
               public contracts::FeedbackObserver {
 public:
  /// /api/v1/memory…, /api/v1/verified
  virtual void add_routes(edge::Routes& routes) = 0;
  [[nodiscard]] virtual contracts::Task<void> stop(Time deadline) = 0;
};
[[nodiscard]] std::unique_ptr<Memory> make_memory(MemoryConfig config, Ports ports);

/// The active items' queries, for the sync that tests them against a new model. `store` outlives
/// it.
[[nodiscard]] std::unique_ptr<contracts::KnownQueries> make_known_queries(
    contracts::LearntStore& store);

}  // namespace loquat::memory
