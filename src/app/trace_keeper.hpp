#pragma once
#include <memory>
#include <vector>

#include "loquat/contracts/ports.hpp"
#include "loquat/contracts/stores.hpp"
#include "loquat/runtime/runtime.hpp"

namespace loquat::app {

/// Keeps what a turn reported, so that /traces and /insights can show it. Loses it, counted, when
/// the store is away.
class TraceKeeper final : public contracts::TurnObserver {
 public:
  TraceKeeper(contracts::TraceStore& traces, contracts::InsightStore& insights,
              runtime::TaskGroup& tasks)
      : traces_(traces), insights_(insights), tasks_(tasks) {}
  void on_turn_finished(std::shared_ptr<const contracts::TurnFinished> turn) override;

 private:
  runtime::Task<void> keep(std::vector<contracts::TraceStore::Item> items);
  runtime::Task<void> keep_insight(wire::InsightEvent insight);
  contracts::TraceStore& traces_;
  contracts::InsightStore& insights_;
  runtime::TaskGroup& tasks_;
};

}  // namespace loquat::app
