#pragma once
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "loquat/observability/telemetry.hpp"
#include "loquat/runtime/task.hpp"

namespace loquat::runtime {

/// The one loop of the process. One thread calls `run`; other threads may only post to its executor
/// or wake an EventFd.
class EventLoop {
 public:
  explicit EventLoop(observability::Telemetry& telemetry);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  [[nodiscard]] boost::asio::io_context& context() noexcept { return context_; }
  [[nodiscard]] Executor executor() { return context_.get_executor(); }
  /// Runs `main` and everything it starts until `main` has ended; gives back what it threw.
  /// The lag watchdog ticks meanwhile.
  void run(Task<void> main);
  /// Calls `handler(signal number)` on the loop for each of `signals`, until `run` ends.
  void on_signals(std::vector<int> signals, std::function<void(int)> handler);

 private:
  struct State;
  boost::asio::io_context context_;
  std::unique_ptr<State> state_;
};

/// Names the synchronous work of this scope, so that the lag watchdog can say what held the loop.
///   WorkScope scope("dbt.swap_model");     // a literal
class WorkScope {
 public:
  explicit WorkScope(std::string_view name) noexcept;
  ~WorkScope();
  WorkScope(const WorkScope&) = delete;
  WorkScope& operator=(const WorkScope&) = delete;

 private:
  std::string_view name_;
  Time began_;
};

/// Wakes the loop from foreign threads (librdkafka's): give `fd()` to them, or call `wake`.
class EventFd {
 public:
  explicit EventFd(Executor executor);
  ~EventFd();
  EventFd(const EventFd&) = delete;
  EventFd& operator=(const EventFd&) = delete;
  /// Any thread, any time before destruction. Many wakes may become one.
  void wake() noexcept;
  /// Non-blocking descriptor; eight bytes written to it wake.
  [[nodiscard]] int fd() const noexcept;
  /// Until somebody woke it since the last wait; then it is reset. One waiter at a time.
  [[nodiscard]] Task<void> wait();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace loquat::runtime
