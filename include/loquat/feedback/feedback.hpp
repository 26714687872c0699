#pragma once
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "loquat/base/sources.hpp"
#include "loquat/contracts/learning.hpp"
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
  /// Names tagged as personal data, in lower case; empty: none are known. Asked with every event.
  std::function<std::shared_ptr<const std::set<std::string>>()> personal_columns;
  contracts::CorrectionSink* learning = nullptr;  ///< what verified events teach; null: nothing
};

/// Takes feedback (REST and WebSocket), and turns what comes back through Kafka into learning
/// signals. Loop thread only.
/// As an observer of turns it makes implicit feedback of what users do next.
class Feedback : public contracts::FeedbackHandler,
                 public contracts::FeedbackIntake,
                 public contracts::TurnObserver {
 public:
  /// /api/v1/feedback/…
  virtual void add_routes(edge::Routes& routes) = 0;
  /// Lets what is on its way be kept until `deadline`.
  [[nodiscard]] virtual contracts::Task<void> stop(Time deadline) = 0;
};
[[nodiscard]] std::unique_ptr<Feedback> make_feedback(FeedbackConfig config, Ports ports);

}  // namespace loquat::feedback
