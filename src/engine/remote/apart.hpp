#pragma once
#include <memory>
#include <optional>
#include <utility>

#include "loquat/base/result.hpp"
#include "loquat/runtime/runtime.hpp"

namespace loquat::engine {

/// What `begin_apart` and its task share. Loop thread only.
template <class T>
struct Beginning {
  explicit Beginning(runtime::Executor executor) : done(std::move(executor)) {}
  std::optional<Result<T>> outcome;
  runtime::Notification done;
};

/// Says that a task has ended, also one that is dropped before it began.
template <class T>
class BeginningEnd {
 public:
  explicit BeginningEnd(std::shared_ptr<Beginning<T>> of) : of_(std::move(of)) {}
  BeginningEnd(BeginningEnd&&) noexcept = default;
  ~BeginningEnd() {
    if (!of_) return;
    if (!of_->outcome) of_->outcome.emplace(fail(Errc::cancelled, "The service stops."));
    of_->done.notify_all();
  }
  void say(Result<T> outcome) { of_->outcome.emplace(std::move(outcome)); }

 private:
  std::shared_ptr<Beginning<T>> of_;
};

template <class T>
contracts::Task<void> carry_out(contracts::Task<Result<T>> operation, BeginningEnd<T> end) {
  auto outcome = co_await std::move(operation);
  end.say(std::move(outcome));
}

/// Lets a peer's answer to the start of a query come although its caller is cancelled, or out of
/// time: only that answer names what is to be cancelled. `operation` owns all that it touches, and
/// what it leaves behind cancels the query when it dies. Errors: timed_out at `until`, and those of
/// `operation`.
template <class T>
contracts::Task<Result<T>> begin_apart(runtime::TaskGroup& tasks, runtime::Executor executor,
                                       contracts::Task<Result<T>> operation, Time until) {
  const auto beginning = std::make_shared<Beginning<T>>(std::move(executor));
  tasks.spawn("engine.begin", carry_out<T>(std::move(operation), BeginningEnd<T>(beginning)));
  while (!beginning->outcome) {
    const bool is_told = co_await beginning->done.wait_until(until);
    if (!is_told) co_return fail(Errc::timed_out, "The query took too long and was stopped.");
  }
  co_return std::move(*beginning->outcome);
}

/// How long the answer to a start may come after its caller has gone.
inline constexpr std::chrono::seconds kBeginningTime{5};

}  // namespace loquat::engine
