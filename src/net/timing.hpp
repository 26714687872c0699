#pragma once
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "loquat/net/http.hpp"
#include "loquat/runtime/timer.hpp"

namespace loquat::net {

using runtime::Timer;

inline constexpr auto kTuple = boost::asio::as_tuple(boost::asio::use_awaitable);

/// Once set, it stays set and lets every waiter through.
class Event final : public DrainSignal {
 public:
  explicit Event(const boost::asio::any_io_executor& executor) : timer_(executor, Time::max()) {}
  void set() {
    is_set_ = true;
    timer_.cancel();
  }
  [[nodiscard]] bool is_set() const noexcept override { return is_set_; }
  [[nodiscard]] boost::asio::awaitable<void> wait() override {
    if (!is_set_) co_await timer_.async_wait(kTuple);
  }

 private:
  Timer timer_;
  bool is_set_ = false;
};

}  // namespace loquat::net
