#pragma once
#include "loquat/agents/quality_window.hpp"
#include "loquat/base/sources.hpp"
#include "loquat/contracts/ports.hpp"
#include "loquat/runtime/runtime.hpp"

namespace loquat::app {

/// Publishes what the answers of each window were like.
class QualityReport final : public contracts::TurnObserver {
 public:
  QualityReport(contracts::EventPublisher& events, const Sources& sources)
      : events_(events), sources_(sources) {}
  void on_turn_finished(std::shared_ptr<const contracts::TurnFinished> turn) override;
  /// Until it is cancelled; `length` is more than nothing.
  [[nodiscard]] runtime::Task<void> run(std::chrono::seconds length);

 private:
  contracts::EventPublisher& events_;
  const Sources& sources_;
  agents::QualityWindow window_;
};

}  // namespace loquat::app
