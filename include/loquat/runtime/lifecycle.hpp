#pragma once
#include <functional>
#include <string_view>
#include <vector>

#include "loquat/observability/telemetry.hpp"
#include "loquat/runtime/task.hpp"

namespace loquat::runtime {

/// A room as app starts and stops it. Empty functions mean that there is nothing to do.
struct Component {
  std::string_view name;  ///< a literal
  std::function<Task<Result<void>>()> start;
  /// Ends in order by `deadline`; past it the lifecycle cancels it and goes on.
  std::function<Task<void>(Time deadline)> stop;
};

/// Starts components in the order they were added, stops them in the reverse.
class Lifecycle {
 public:
  explicit Lifecycle(observability::Telemetry& telemetry) : telemetry_(telemetry) {}
  void add(Component component) { components_.push_back(std::move(component)); }
  /// Errors: the first component's that failed, its name before the detail; those started before
  /// have been stopped again.
  [[nodiscard]] Task<Result<void>> start();
  /// Stops what was started. Never throws for a component's failure: that is reported.
  [[nodiscard]] Task<void> stop(Time deadline);

 private:
  [[nodiscard]] Task<void> stop_one(Component& component, Time deadline);
  observability::Telemetry& telemetry_;
  std::vector<Component> components_;
  std::size_t started_ = 0;
};

}  // namespace loquat::runtime
