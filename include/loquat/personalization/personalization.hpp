#pragma once
#include <memory>

#include "loquat/base/sources.hpp"
#include "loquat/contracts/stores.hpp"
#include "loquat/degradation/health_board.hpp"
#include "loquat/edge/routes.hpp"
#include "loquat/personalization/config.hpp"
#include "loquat/runtime/runtime.hpp"

namespace loquat::personalization {

struct Ports {
  runtime::Executor executor;
  Sources sources;
  observability::Telemetry& telemetry;
  degradation::HealthBoard& board;
  contracts::ProfileStore& store;
};

/// Learns preferred chart and grain from turns and votes, and hands them to later turns. When the
/// store is away the answer is the default one. Loop thread only.
class Personalization : public contracts::Profiles,
                        public contracts::TurnObserver,
                        public contracts::FeedbackObserver {
 public:
  /// GET, PUT, DELETE /api/v1/personalization/profile.
  virtual void add_routes(edge::Routes& routes) = 0;
  [[nodiscard]] virtual contracts::Task<void> stop() = 0;
};
[[nodiscard]] std::unique_ptr<Personalization> make_personalization(PersonalizationConfig config,
                                                                    Ports ports);

}  // namespace loquat::personalization
