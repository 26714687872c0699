#pragma once
#include <functional>
#include <memory>

#include "loquat/base/sources.hpp"
#include "loquat/contracts/conversations.hpp"
#include "loquat/contracts/stores.hpp"
#include "loquat/copilot/config.hpp"
#include "loquat/degradation/health_board.hpp"
#include "loquat/edge/routes.hpp"
#include "loquat/runtime/runtime.hpp"

namespace loquat::copilot {

struct Ports {
  runtime::Executor executor;
  Sources sources;
  observability::Telemetry& telemetry;
  degradation::HealthBoard& board;
  runtime::WorkerPool& workers;
  contracts::SemanticModels& models;
  contracts::ProfileStore& profiles;  ///< keeps the mode, under a key of its own
  contracts::SessionStore& sessions;
  contracts::SqlInspector& inspector;
  std::function<Date()> today;
};

/// Follow-ups that have been planned and compiled before anybody sees them. Away or too slow: the
/// answer comes without them. Loop thread only.
class Copilot : public contracts::Suggester, public contracts::ModeSwitch {
 public:
  /// /api/v1/copilot/suggestions, /explain, /guide, /mode.
  virtual void add_routes(edge::Routes& routes) = 0;
  [[nodiscard]] virtual contracts::Task<void> stop() = 0;
};
[[nodiscard]] std::unique_ptr<Copilot> make_copilot(CopilotConfig config, Ports ports);

}  // namespace loquat::copilot
