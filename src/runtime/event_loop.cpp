#include "loquat/runtime/event_loop.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <exception>
#include <list>
#include <utility>

#include "events.hpp"
#include "work_scope.hpp"

namespace loquat::runtime {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {
constexpr auto kTick = 100ms;
constexpr auto kLagWarned = 100ms;
thread_local LongestWork longest_work;
}  // namespace

WorkScope::WorkScope(std::string_view name) noexcept : name_(name), began_(Clock::now()) {}
WorkScope::~WorkScope() {
  const auto took = Clock::now() - began_;
  if (took > longest_work.took) longest_work = {name_, took};
}
LongestWork take_longest_work() noexcept { return std::exchange(longest_work, {}); }

struct EventLoop::State {
  struct Signals {
    Signals(asio::io_context& context, std::function<void(int)> taker)
        : set(context), handler(std::move(taker)) {}
    asio::signal_set set;
    std::function<void(int)> handler;
    void listen() {
      set.async_wait([this](const boost::system::error_code& error, int number) {
        if (error) return;
        handler(number);
        listen();
      });
    }
  };
  State(asio::io_context& context, observability::Telemetry& reporter)
      : telemetry(reporter),
        tick(context.get_executor()),
        lag(reporter.metrics().histogram("loquat_runtime_loop_lag_seconds",
                                         "How late the loop came to a timer.")) {}

  // Measures how late a regular timer is served: as late as everything else that waits.
  void watch() {
    const Time expected = Clock::now() + kTick;
    tick.expires_at(expected);
    tick.async_wait([this, expected](const boost::system::error_code& error) {
      if (error || is_over) return;
      const auto late = Clock::now() - expected;
      lag.observe(std::chrono::duration<double>(late).count());
      const auto work = take_longest_work();
      if (late > kLagWarned) telemetry.emit(LoopLagged{late, work.name, work.took});
      watch();
    });
  }
  void finish() {
    is_over = true;
    tick.cancel();
    for (auto& one : signals) one.set.cancel();
  }

  observability::Telemetry& telemetry;
  Timer tick;
  observability::Histogram lag;
  std::list<Signals> signals;
  bool is_over = false;
};

// One thread runs the loop; the hint saves locks that only several would need.
EventLoop::EventLoop(observability::Telemetry& telemetry)
    : context_(1), state_(std::make_unique<State>(context_, telemetry)) {}
EventLoop::~EventLoop() = default;

void EventLoop::run(Task<void> main) {
  std::exception_ptr failure;
  State& state = *state_;
  state.is_over = false;
  asio::co_spawn(context_, std::move(main), [&state, &failure](std::exception_ptr error) {
    failure = std::move(error);
    state.finish();
  });
  state.watch();
  context_.restart();
  context_.run();
  if (failure) std::rethrow_exception(failure);
}

void EventLoop::on_signals(std::vector<int> signals, std::function<void(int)> handler) {
  auto& one = state_->signals.emplace_back(context_, std::move(handler));
  for (const int number : signals) one.set.add(number);
  one.listen();
}

}  // namespace loquat::runtime
