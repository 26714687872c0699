#pragma once
#include <boost/asio/awaitable.hpp>
#include <optional>
#include <utility>

#include "loquat/base/result.hpp"
#include "loquat/runtime/timer.hpp"

namespace loquat::runtime {

template <class T = void>
using Task = boost::asio::awaitable<T>;

/// The moment `after` from now; saturates at kNever.
[[nodiscard]] Time deadline_after(Clock::duration after);
/// What is left, never negative.
[[nodiscard]] Clock::duration remaining(Time deadline);

/// Waits until `at` (true), or throws boost::system::system_error(operation_aborted) if cancelled.
[[nodiscard]] Task<void> sleep_until(Time at);
[[nodiscard]] Task<void> pause_for(Clock::duration duration);
/// Lets everything that is ready run first: for slices of long work.
[[nodiscard]] Task<void> yield_to_others();
/// True if `error` says that somebody cancelled; such an end is no failure.
[[nodiscard]] bool is_cancellation(const std::exception_ptr& error) noexcept;

namespace detail {
/// Runs `op` until `at`; at that time it is cancelled and awaited. True if it ended by itself.
[[nodiscard]] Task<bool> race(Task<void> op, Time at);
template <class T>
Task<void> keep_result(Task<T> op, std::optional<T>& out) {
  out.emplace(co_await std::move(op));
}
}  // namespace detail

/// Runs `op` with a deadline: Error{timed_out} once `at` has passed (the operation has been
/// cancelled and has ended by then). Cancellation of the caller reaches `op`.
/// Never race what consumes (a queue's pop): wait for a Notification, then take.
template <class T>
[[nodiscard]] Task<Result<T>> with_deadline(Task<Result<T>> op, Time at) {
  std::optional<Result<T>> outcome;
  auto kept = detail::keep_result<Result<T>>(std::move(op), outcome);
  co_await detail::race(std::move(kept), at);
  if (!outcome) co_return fail(Errc::timed_out, "The deadline passed.");
  co_return std::move(*outcome);
}

}  // namespace loquat::runtime
