#include "trace_keeper.hpp"

namespace loquat::app {

void TraceKeeper::on_turn_finished(std::shared_ptr<const contracts::TurnFinished> turn) {
  tasks_.spawn("keep trace", keep(std::move(turn)));
}

runtime::Task<void> TraceKeeper::keep(std::shared_ptr<const contracts::TurnFinished> turn) {
  std::vector<contracts::TraceStore::Item> items;
  for (const auto& event : turn->events)
    items.push_back({turn->principal.tenant_id, turn->principal.user_id, turn->context.trace_id,
                     event.event_type, event.event_id, event.json, event.at});
  std::vector<wire::InsightEvent> insights = turn->insights;
  turn.reset();  // it holds the rows
  // A store that is away is counted and shown by the store itself.
  const Result<void> kept = co_await traces_.put(std::move(items));
  if (!kept) co_return;
  for (auto& insight : insights) {
    const Result<void> put = co_await insights_.put(std::move(insight));
    if (!put) co_return;
  }
}

}  // namespace loquat::app
