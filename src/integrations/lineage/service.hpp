#pragma once
#include <deque>

#include "copies.hpp"
#include "event.hpp"
#include "facts.hpp"
#include "loquat/base/recent_cache.hpp"
#include "loquat/edge/routes.hpp"
#include "loquat/lineage/lineage.hpp"
#include "loquat/observability/telemetry.hpp"
#include "messages.hpp"
#include "traverse.hpp"

namespace loquat::lineage {

class Service final : public Lineage, public contracts::TurnObserver {
 public:
  Service(LineageConfig config, Ports ports);
  [[nodiscard]] contracts::TurnObserver& observer() noexcept override { return *this; }
  void add_routes(edge::Routes& routes) override;
  void start() override;
  [[nodiscard]] contracts::Task<void> stop(Time deadline) override;
  void on_turn_finished(std::shared_ptr<const contracts::TurnFinished> turn) override;

 private:
  contracts::Task<void> record(std::shared_ptr<const contracts::TurnFinished> turn,
                               runtime::Gate::Pass pass);
  /// What the turn's statement reads: known for a statement that this model has run before. Null
  /// when the pool has no room.
  contracts::Task<std::shared_ptr<const Reading>> reading_of(
      std::shared_ptr<const contracts::TurnFinished> turn, std::shared_ptr<const ModelFacts> facts);
  /// Null while there is no model, or when the pool has no room.
  contracts::Task<std::shared_ptr<const ModelFacts>> facts_of(
      std::shared_ptr<const contracts::ModelSnapshot> model);
  void remember(const wire::LineageEvent& event);
  // routes.cpp
  contracts::Task<Result<edge::Reply>> extract(edge::Call& call);
  contracts::Task<Result<edge::Reply>> graph(edge::Call& call, Walk how);
  contracts::Task<Result<edge::Reply>> query(edge::Call& call);

  LineageConfig config_;
  Ports ports_;
  runtime::TaskGroup tasks_;
  runtime::Gate reading_{ports_.executor};
  Copies copies_;
  std::shared_ptr<const ModelFacts> facts_;
  RecentCache<Reading> readings_{1'000, 16U << 20U};  ///< by dialect, model version and statement
  observability::Counter readings_found_;
  std::deque<RecentQuery> recent_;  ///< of all tenants; each sees its own
};

}  // namespace loquat::lineage
