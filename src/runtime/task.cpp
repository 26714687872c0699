#include "loquat/runtime/task.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include "exception_text.hpp"

namespace loquat::runtime {

namespace asio = boost::asio;

Time deadline_after(Clock::duration after) {
  const Time now = Clock::now();
  return after >= kNever - now ? kNever : now + after;
}

Clock::duration remaining(Time deadline) {
  const Time now = Clock::now();
  return deadline > now ? deadline - now : Clock::duration::zero();
}

Task<void> sleep_until(Time at) {
  const Executor executor = co_await asio::this_coro::executor;
  Timer timer(executor, at);
  co_await timer.async_wait(asio::use_awaitable);
}

Task<void> pause_for(Clock::duration duration) {
  const Executor executor = co_await asio::this_coro::executor;
  Timer timer(executor, deadline_after(duration));
  co_await timer.async_wait(asio::use_awaitable);
}

Task<void> yield_to_others() {
  const Executor executor = co_await asio::this_coro::executor;
  co_await asio::post(executor, asio::use_awaitable);
}

bool is_cancellation(const std::exception_ptr& error) noexcept {
  if (!error) return false;
  try {
    std::rethrow_exception(error);
  } catch (const boost::system::system_error& failed) {
    return failed.code() == asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

std::string text_of(const std::exception_ptr& error) {
  try {
    if (error) std::rethrow_exception(error);
  } catch (const std::exception& failed) {
    return failed.what();
  } catch (...) {
    return "an exception of an unknown kind";
  }
  return "";
}

Task<bool> detail::race(Task<void> op, Time at) {
  if (at <= Clock::now()) co_return false;
  const Executor executor = co_await asio::this_coro::executor;
  Timer timer(executor, at);
  auto work = asio::co_spawn(executor, std::move(op), asio::deferred);
  auto alarm = timer.async_wait(asio::deferred);
  auto group = asio::experimental::make_parallel_group(std::move(work), std::move(alarm));
  const auto [order, error, alarm_error] =
      co_await group.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
  const bool is_time_up = order[0] == 1 && !alarm_error;
  if (!error) co_return true;
  // At the deadline the operation was told to end: that it did so is no failure.
  if (is_time_up && is_cancellation(error)) co_return false;
  std::rethrow_exception(error);
}

}  // namespace loquat::runtime
