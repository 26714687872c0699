#pragma once
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <utility>

#include "loquat/runtime/event_loop.hpp"
#include "support/recording_telemetry.hpp"

namespace loquat::test_support {

/// A loop under a ManualClock, driven by the test's own thread. Nothing happens but in `settle`,
/// `advance` and `await`.
class LoopFixture : public ::testing::Test {
 protected:
  /// A coroutine under way.
  template <class T>
  class Pending {
   public:
    [[nodiscard]] bool done() const { return state_->done; }
    /// Its value; throws what it threw. Only once done.
    T take() {
      if (!state_->done) throw std::logic_error("the coroutine has not ended");
      if (state_->error) std::rethrow_exception(state_->error);
      if constexpr (!std::is_void_v<T>) return std::move(*state_->value);
    }
    [[nodiscard]] bool was_cancelled() const {
      return state_->done && runtime::is_cancellation(state_->error);
    }
    void cancel() { state_->signal.emit(boost::asio::cancellation_type::all); }

   private:
    friend class LoopFixture;
    using Stored = std::conditional_t<std::is_void_v<T>, bool, T>;
    struct State {
      bool done = false;
      std::exception_ptr error;
      std::optional<Stored> value;
      boost::asio::cancellation_signal signal;
    };
    std::shared_ptr<State> state_ = std::make_shared<State>();
  };

  [[nodiscard]] runtime::Executor executor() { return loop.executor(); }
  [[nodiscard]] observability::Telemetry& telemetry() { return recorded.get(); }

  /// Starts `task` and runs what is ready.
  template <class T>
  Pending<T> start(runtime::Task<T> task) {
    Pending<T> pending;
    auto kept = keep(std::move(task), pending.state_);
    boost::asio::co_spawn(
        loop.context(), std::move(kept),
        boost::asio::bind_cancellation_slot(pending.state_->signal.slot(),
                                            [state = pending.state_](std::exception_ptr error) {
                                              state->error = std::move(error);
                                              state->done = true;
                                            }));
    settle();
    return pending;
  }
  /// Runs `task` to its end without moving the clock; other threads and sockets get up to 20 s.
  template <class T>
  T await(runtime::Task<T> task) {
    auto pending = start(std::move(task));
    if (!wait_until([&pending] { return pending.done(); }))
      throw std::runtime_error("the coroutine did not end");
    return pending.take();
  }
  /// Runs everything that is ready now.
  void settle() {
    loop.context().restart();
    while (loop.context().poll() > 0) loop.context().restart();
  }
  void advance(Clock::duration by) {
    clock.advance(by);
    settle();
  }
  /// Drives the loop until `holds`, for things that other threads or peers do. False after 20 s.
  bool wait_until(const std::function<bool()>& holds) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    settle();
    while (!holds()) {
      if (std::chrono::steady_clock::now() > give_up) return false;
      std::this_thread::sleep_for(std::chrono::microseconds(200));
      settle();
    }
    return true;
  }

  ManualClock clock;
  RecordingTelemetry recorded{clock};
  runtime::EventLoop loop{recorded.get()};

 private:
  template <class T>
  static runtime::Task<void> keep(runtime::Task<T> task,
                                  std::shared_ptr<typename Pending<T>::State> state) {
    if constexpr (std::is_void_v<T>)
      co_await std::move(task);
    else
      state->value.emplace(co_await std::move(task));
  }
};

}  // namespace loquat::test_support
