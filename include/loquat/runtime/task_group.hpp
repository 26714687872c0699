#pragma once
#include <list>
#include <memory>
#include <string_view>

#include "loquat/observability/telemetry.hpp"
#include "loquat/runtime/sync.hpp"

namespace loquat::runtime {

/// Owns coroutines: nothing runs that nobody waits for. Loop thread only. Close it (and await that)
/// before what its tasks refer to dies; destroying it with running tasks is a bug, and reported.
class TaskGroup {
 public:
  /// `name` a literal, e.g. "kafka".
  TaskGroup(Executor executor, std::string_view name, observability::Telemetry& telemetry);
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts `task` from the loop, not from within this call. `name` a literal. After close began it
  /// is dropped unstarted. An exception that is no cancellation is reported and ends that task
  /// only.
  void spawn(std::string_view name, Task<void> task);
  /// Asks every task to end; returns at once.
  void cancel() noexcept;
  /// Refuses new tasks, cancels all, waits for their end.
  [[nodiscard]] Task<void> close();
  /// Refuses new tasks and waits for the end of all; at `deadline` cancels what is left.
  [[nodiscard]] Task<void> drain(Time deadline);
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] const Executor& executor() const noexcept { return executor_; }

 private:
  struct Entry;
  void finished(const std::shared_ptr<Entry>& entry, std::exception_ptr error);
  Executor executor_;
  std::string_view name_;
  observability::Telemetry& telemetry_;
  std::list<std::shared_ptr<Entry>> entries_;
  Notification ended_;
  bool closed_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for ends that come too late
};

}  // namespace loquat::runtime
