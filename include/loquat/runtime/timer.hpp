#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/wait_traits.hpp>

#include "loquat/base/clock.hpp"

/// Timers on loquat::Clock. While a ManualClock rules, the loop polls them instead of sleeping, so
/// that `advance(30s)` fires exactly what is due.
template <>
struct boost::asio::wait_traits<loquat::Clock> {
  [[nodiscard]] static loquat::Clock::duration to_wait_duration(
      const loquat::Clock::duration& remaining) {
    return loquat::Clock::is_manual() ? loquat::Clock::duration::zero() : remaining;
  }
  [[nodiscard]] static loquat::Clock::duration to_wait_duration(
      const loquat::Clock::time_point& at) {
    if (loquat::Clock::is_manual()) return loquat::Clock::duration::zero();
    return at - loquat::Clock::now();
  }
};

namespace loquat::runtime {
using Executor = boost::asio::any_io_executor;
using Timer = boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, Executor>;
inline constexpr Time kNever = Time::max();
}  // namespace loquat::runtime
