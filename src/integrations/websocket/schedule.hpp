#pragma once
#include <set>
#include <utility>

#include "loquat/runtime/sync.hpp"
#include "loquat/runtime/task_group.hpp"

namespace loquat::websocket {

/// Whom the schedule wakes.
class Sleeper {
 public:
  virtual ~Sleeper() = default;
  virtual void on_time(Time now) = 0;

 private:
  friend class Schedule;
  Time wake_at_ = runtime::kNever;
};

/// One clock for all connections: a timer and a coroutine each would cost more than the rest of an
/// idle connection. Loop thread only.
class Schedule {
 public:
  Schedule(const runtime::Executor& executor, runtime::TaskGroup& group)
      : group_(group), changed_(executor) {}
  /// Wakes `sleeper` once at `at`, in place of what was set before.
  void wake(Sleeper& sleeper, Time at);
  void forget(Sleeper& sleeper) noexcept;

 private:
  runtime::Task<void> run();
  runtime::TaskGroup& group_;
  runtime::Notification changed_;
  std::set<std::pair<Time, Sleeper*>> sleepers_;
  bool is_running_ = false;
};

}  // namespace loquat::websocket
