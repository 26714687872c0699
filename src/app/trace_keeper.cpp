#include "trace_keeper.hpp"

namespace loquat::app {

/// Each at once: who looks an insight up right after its answer finds it.
void TraceKeeper::on_turn_finished(std::shared_ptr<const contracts::TurnFinished> turn) {
  std::vector<contracts::TraceStore::Item> items;
  for (const auto& event : turn->events)
    items.push_back({turn->principal.tenant_id, turn->principal.user_id, turn->context.trace_id,
                     event.event_type, event.event_id, event.json, event.at});
  tasks_.spawn("keep trace", keep(std::move(items)));
  for (const auto& insight : turn->insights) tasks_.spawn("keep insight", keep_insight(insight));
}

runtime::Task<void> TraceKeeper::keep(std::vector<contracts::TraceStore::Item> items) {
  const Result<void> kept = co_await traces_.put(std::move(items));
  static_cast<void>(kept);  // a store that is away is counted and shown by the store itself
}

runtime::Task<void> TraceKeeper::keep_insight(wire::InsightEvent insight) {
  const Result<void> kept = co_await insights_.put(std::move(insight));
  static_cast<void>(kept);
}

}  // namespace loquat::app
