#pragma once
#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "loquat/base/clock.hpp"

namespace loquat::net {

/// Timers on our clock; under a ManualClock they poll it.
struct ClockWait {
  static Clock::duration to_wait_duration(const Clock::duration& left) {
    if (!Clock::is_manual()) return left;
    constexpr Clock::duration kPoll = std::chrono::milliseconds(1);
    return std::min(left, kPoll);
  }
  static Clock::duration to_wait_duration(const Time& until) {
    return to_wait_duration(until - Clock::now());
  }
};
using Timer = boost::asio::basic_waitable_timer<Clock, ClockWait>;

inline constexpr auto kTuple = boost::asio::as_tuple(boost::asio::use_awaitable);

/// Once set, it stays set and lets every waiter through.
class Event {
 public:
  explicit Event(const boost::asio::any_io_executor& executor) : timer_(executor, Time::max()) {}
  void set() {
    is_set_ = true;
    timer_.cancel();
  }
  [[nodiscard]] bool is_set() const noexcept { return is_set_; }
  [[nodiscard]] boost::asio::awaitable<void> wait() {
    if (!is_set_) co_await timer_.async_wait(kTuple);
  }

 private:
  Timer timer_;
  bool is_set_ = false;
};

}  // namespace loquat::net
