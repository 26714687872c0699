#include "trace_keeper.hpp"

namespace loquat::app {

void TraceKeeper::on_turn_finished(std::shared_ptr<const contracts::TurnFinished> turn) {
  tasks_.spawn("keep trace", keep(std::move(turn)));
}

runtime::Task<void> TraceKeeper::keep(std::shared_ptr<const contracts::TurnFinished> turn) {
  std::vector<contracts::TraceStore::Item> items;
  std::vector<wire::InsightEvent> insights;
  for (const auto& event : turn->events) {
    const auto& base = wire::base_of(event);
    items.push_back({base.tenant_id, base.user_id.value_or(""), base.trace_id.value_or(""),
                     base.event_type, base.event_id, wire::encode_event(event), base.timestamp});
    if (const auto* insight = std::get_if<wire::InsightEvent>(&event)) insights.push_back(*insight);
  }
  // A store that is away is counted and shown by the store itself.
  const Result<void> kept = co_await traces_.put(std::move(items));
  if (!kept) co_return;
  for (auto& insight : insights) {
    const Result<void> put = co_await insights_.put(std::move(insight));
    if (!put) co_return;
  }
}

}  // namespace loquat::app
