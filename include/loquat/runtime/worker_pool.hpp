#pragma once
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>

#include "loquat/observability/telemetry.hpp"
#include "loquat/runtime/task.hpp"

namespace loquat::runtime {

namespace detail {
template <class T>
struct ResultOf {
  using type = T;
};
template <class T>
struct ResultOf<Result<T>> {
  using type = T;
};
}  // namespace detail

/// Threads for what blocks or computes longer than 5 ms. Used from the loop; results come back to
/// the loop.
class WorkerPool {
 public:
  struct Options {
    std::string_view name = "workers";  ///< a literal: thread names and metrics carry it
    std::size_t threads = 2;
    std::size_t queue_max = 256;
  };
  WorkerPool(Executor loop, Options options, observability::Telemetry& telemetry);
  /// Joins: jobs that run are waited for, those in the queue are dropped.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Runs `work()` on a worker and gives its value (`T` or `Result<T>`) as Result<T>.
  /// Errors: overloaded (queue full), cancelled (the pool stops); what `work` says. An exception in
  /// `work` is thrown here.
  /// Cancellation: a job still in the queue is taken out; for one that runs, `on_cancel` is called
  /// once (on the loop's thread; e.g. to interrupt a query) and its end is awaited; then
  /// operation_aborted is thrown.
  template <class F>
  [[nodiscard]] auto run(F work, std::function<void()> on_cancel = {})
      -> Task<Result<typename detail::ResultOf<std::invoke_result_t<F&>>::type>> {
    using Raw = std::invoke_result_t<F&>;
    using T = typename detail::ResultOf<Raw>::type;
    auto outcome = std::make_shared<std::optional<Result<T>>>();
    auto shared = std::make_shared<F>(std::move(work));
    std::function<void()> body = [outcome, shared] {
      if constexpr (std::is_void_v<Raw>) {
        (*shared)();
        outcome->emplace(boost::system::in_place_value);
      } else {
        outcome->emplace((*shared)());
      }
    };
    shared.reset();
    Result<void> done = co_await perform(std::move(body), std::move(on_cancel));
    if (!done) co_return done.error();
    co_return std::move(**outcome);
  }
  /// Refuses new jobs, drops what is queued, waits for what runs, joins the threads.
  [[nodiscard]] Task<void> stop();
  [[nodiscard]] std::size_t queued() const;

 private:
  struct State;
  [[nodiscard]] Task<Result<void>> perform(std::function<void()> body,
                                           std::function<void()> on_cancel);
  std::shared_ptr<State> state_;
};

}  // namespace loquat::runtime
