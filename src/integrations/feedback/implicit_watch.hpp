#pragma once
#include "implicit.hpp"
#include "loquat/base/sources.hpp"
#include "loquat/contracts/ports.hpp"
#include "loquat/runtime/runtime.hpp"

namespace loquat::feedback {

/// The event of what was detected. Its id is derived from tenant, session, response and kind: the
/// same conclusion, drawn again after a restart or by another instance, is the same event.
[[nodiscard]] wire::FeedbackEvent implicit_event(const Detected& detected,
                                                 const contracts::TurnFinished& turn, WallTime now);

/// Feeds the detector and sends what it finds down the same pipeline as what users say. Loop
/// thread only.
class ImplicitWatch {
 public:
  struct Ports {
    runtime::Executor executor;
    Sources sources;
    observability::Telemetry& telemetry;
    contracts::EventPublisher& events;
  };
  ImplicitWatch(ImplicitConfig config, Ports ports);
  void turn_finished(const contracts::TurnFinished& turn);
  void feedback_given(const std::string& session_id, const std::string& response_id) {
    detector_.feedback_given(session_id, response_id);
  }
  /// Other work that a turn leaves behind; ends with this.
  void spawn(contracts::Task<void> task) { tasks_.spawn("turn facts", std::move(task)); }
  [[nodiscard]] contracts::Task<void> stop(Time deadline);

 private:
  contracts::Task<void> keep(wire::FeedbackEvent event);
  Ports ports_;
  ImplicitDetector detector_;
  runtime::TaskGroup tasks_;
};

}  // namespace loquat::feedback
