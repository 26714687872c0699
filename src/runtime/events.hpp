#pragma once
#include <string>
#include <string_view>

#include "loquat/observability/fact.hpp"

/// What the runtime reports.
namespace loquat::runtime {

using observability::CounterSpec;
using observability::Level;

struct LoopLagged {
  Clock::duration lag;
  std::string_view work;  ///< the longest WorkScope since the last tick
  Clock::duration work_took;
  static constexpr Level level = Level::warning;
  static constexpr std::string_view name = "runtime.loop_lagged";
  static constexpr std::string_view message = "Something held the loop.";
  template <class V>
  void fields(V& v) const {
    v("lag_ms", lag);
    v("work", work);
    v("work_ms", work_took);
  }
};

struct TaskFailed {
  std::string_view group;
  std::string_view task;
  std::string error;
  static constexpr Level level = Level::error;
  static constexpr std::string_view name = "runtime.task_failed";
  static constexpr std::string_view message = "A task ended by an exception that nobody expected.";
  static constexpr CounterSpec counter{"loquat_runtime_failed_tasks_total",
                                       "Tasks that ended by an unexpected exception."};
  template <class V>
  void fields(V& v) const {
    v("group", group);
    v("task", task);
    v("error", error);
  }
};

struct TasksLeft {
  std::string_view group;
  std::size_t count;
  static constexpr Level level = Level::error;
  static constexpr std::string_view name = "runtime.tasks_left";
  static constexpr std::string_view message = "A task group died before its tasks.";
  template <class V>
  void fields(V& v) const {
    v("group", group);
    v("count", count);
  }
};

struct JobRefused {
  std::string_view pool;
  static constexpr Level level = Level::warning;
  static constexpr std::string_view name = "runtime.job_refused";
  static constexpr std::string_view message = "A worker pool's queue is full.";
  static constexpr CounterSpec counter{"loquat_runtime_refused_jobs_total",
                                       "Jobs refused because the queue was full."};
  template <class V>
  void fields(V& v) const {
    v("pool", pool);
  }
};

struct ComponentStarted {
  std::string_view component;
  Clock::duration took;
  static constexpr Level level = Level::debug;
  static constexpr std::string_view name = "runtime.component_started";
  static constexpr std::string_view message = "A component runs.";
  template <class V>
  void fields(V& v) const {
    v("component", component);
    v("took_ms", took);
  }
};

struct ComponentFailed {
  std::string_view component;
  std::string error;
  static constexpr Level level = Level::error;
  static constexpr std::string_view name = "runtime.component_failed";
  static constexpr std::string_view message = "A component could not start or stop.";
  template <class V>
  void fields(V& v) const {
    v("component", component);
    v("error", error);
  }
};

struct ComponentStopped {
  std::string_view component;
  bool in_time;
  static constexpr Level level = Level::debug;
  static constexpr std::string_view name = "runtime.component_stopped";
  static constexpr std::string_view message = "A component has stopped.";
  template <class V>
  void fields(V& v) const {
    v("component", component);
    v("in_time", in_time);
  }
};

}  // namespace loquat::runtime
