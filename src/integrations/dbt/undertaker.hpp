#pragma once
#include <memory>
#include <thread>

#include "loquat/runtime/runtime.hpp"

namespace loquat::dbt {

/// Has large values destroyed on a worker: freeing a model of ten thousand nodes would hold the
/// loop for tens of milliseconds, and whoever lets go of a snapshot last is often on the loop.
class Undertaker : public std::enable_shared_from_this<Undertaker> {
 public:
  /// Made on the loop's thread.
  Undertaker(runtime::TaskGroup& tasks, runtime::WorkerPool& workers)
      : tasks_(&tasks), workers_(&workers), loop_thread_(std::this_thread::get_id()) {}

  /// The same value; whoever holds it last, on the loop, has it destroyed elsewhere.
  template <class T>
  [[nodiscard]] std::shared_ptr<T> entrust(std::shared_ptr<T> value) {
    T* const raw = value.get();
    auto bury = [self = shared_from_this(), value = std::move(value)](T*) mutable {
      self->take(std::move(value));
    };
    return std::shared_ptr<T>(raw, std::move(bury));
  }
  /// From now on values die where they are let go.
  void retire() { tasks_ = nullptr; }

 private:
  void take(std::shared_ptr<const void> value) {
    if (tasks_ != nullptr && std::this_thread::get_id() == loop_thread_)
      tasks_->spawn("free model", bury(*workers_, std::move(value)));
  }
  static runtime::Task<void> bury(runtime::WorkerPool& workers, std::shared_ptr<const void> value) {
    auto work = [value = std::move(value)]() mutable { value.reset(); };
    const auto done = co_await workers.run(std::move(work));
    static_cast<void>(done);  // refused: it dies here, later than it might
  }
  runtime::TaskGroup* tasks_;
  runtime::WorkerPool* workers_;
  std::thread::id loop_thread_;
};

}  // namespace loquat::dbt
