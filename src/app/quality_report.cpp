#include "quality_report.hpp"

namespace loquat::app {

void QualityReport::on_turn_finished(std::shared_ptr<const contracts::TurnFinished> turn) {
  window_.note(*turn);
}

runtime::Task<void> QualityReport::run(std::chrono::seconds length) {
  for (;;) {
    co_await runtime::pause_for(length);
    for (auto& event : window_.take(length)) {
      event.event_id = make_id(wire::MetricsEvent::kPrefix, sources_);
      event.timestamp = sources_.wall.now();
      events_.offer(std::move(event));
    }
  }
}

}  // namespace loquat::app
