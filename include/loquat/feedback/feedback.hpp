#pragma once
#include <memory>
#include <vector>

#include "loquat/base/sources.hpp"
#include "loquat/contracts/ports.hpp"
#include "loquat/contracts/stores.hpp"
#include "loquat/edge/routes.hpp"
#include "loquat/feedback/config.hpp"
#include "loquat/runtime/runtime.hpp"

namespace loquat::feedback {

struct Ports {
  runtime::Executor executor;
  Sources sources;
  observability::Telemetry& telemetry;
  contracts::SessionStore& sessions;  ///< which response belongs to whom
  contracts::FeedbackStore& store;
  contracts::EventPublisher& events;
  contracts::SqlInspector& inspector;
  std::string_view dialect;  ///< of the SQL that answers carry
  std::vector<contracts::FeedbackObserver*> observers;
};

/// Takes feedback (REST and WebSocket), and turns what comes back through Kafka into learning
/// signals. Loop thread only.
class Feedback : public contracts::FeedbackHandler, public contracts::FeedbackIntake {
 public:
  /// /api/v1/feedback/…
  virtual void add_routes(edge::Routes& routes) = 0;
};
[[nodiscard]] std::unique_ptr<Feedback> make_feedback(FeedbackConfig config, Ports ports);

}  // namespace loquat::feedback
