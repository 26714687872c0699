#include <atomic>
#include <csignal>
#include <future>
#include <string>

#include "loquat/runtime/lifecycle.hpp"
#include "loquat/runtime/task_group.hpp"
#include "loquat/runtime/worker_pool.hpp"
#include "support/loop_fixture.hpp"

namespace loquat::runtime {
namespace {

using namespace std::chrono_literals;

class Shutdown : public test_support::LoopFixture {
 protected:
  static Task<Result<void>> note(std::string& log, std::string text) {
    co_await yield_to_others();
    log += text;
    co_return boost::system::in_place_value;
  }
  static Task<Result<void>> refuse() {
    co_await yield_to_others();
    co_return fail(Errc::io, "no disk");
  }
  static Task<void> note_end(std::string& log, std::string text, Clock::duration takes) {
    co_await pause_for(takes);
    log += text;
  }
  static Task<void> break_down() {
    co_await yield_to_others();
    throw std::runtime_error("broken");
  }
  Component component(std::string_view name, Clock::duration stop_takes = {}) {
    const std::string text(name);
    return {name, [this, text] { return note(log, "+" + text); },
            [this, text, stop_takes](Time) { return note_end(log, "-" + text, stop_takes); }};
  }

  std::string log;
  Lifecycle lifecycle{telemetry()};
};

TEST_F(Shutdown, StartsInOrderAndStopsInReverse) {
  lifecycle.add(component("a"));
  lifecycle.add(component("b"));
  EXPECT_TRUE(await(lifecycle.start()));
  await(lifecycle.stop(deadline_after(10s)));
  EXPECT_EQ(log, "+a+b-b-a");
  await(lifecycle.stop(deadline_after(10s)));
  EXPECT_EQ(log, "+a+b-b-a");
}

TEST_F(Shutdown, FailedStartUndoesWhatWasStarted) {
  lifecycle.add(component("a"));
  lifecycle.add({"b", [] { return refuse(); }, {}});
  lifecycle.add(component("c"));
  const auto outcome = await(lifecycle.start());
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().detail, "b: no disk");
  EXPECT_EQ(log, "+a-a");
}

TEST_F(Shutdown, ComponentThatHangsIsCutOffAndTheOthersStillStop) {
  lifecycle.add(component("a"));
  lifecycle.add(component("b", 1h));
  ASSERT_TRUE(await(lifecycle.start()));
  auto stopping = start(lifecycle.stop(deadline_after(5s)));
  advance(5s);
  ASSERT_TRUE(stopping.done());
  EXPECT_EQ(log, "+a+b-a");
}

TEST_F(Shutdown, ComponentThatThrowsIsReportedAndTheOthersStillStop) {
  lifecycle.add(component("a"));
  lifecycle.add({"b", {}, [](Time) { return break_down(); }});
  ASSERT_TRUE(await(lifecycle.start()));
  await(lifecycle.stop(deadline_after(5s)));
  EXPECT_EQ(log, "+a-a");
  EXPECT_EQ(recorded.events("runtime.component_failed").size(), 1U);
}

TEST_F(Shutdown, StoppingAPoolDropsWhatIsQueuedAndAwaitsWhatRuns) {
  WorkerPool::Options options{.name = "test", .threads = 1, .queue_max = 8};
  WorkerPool pool(executor(), options, telemetry());
  std::promise<void> opened;
  auto open = opened.get_future().share();
  std::atomic<bool> is_inside = false;
  auto block = [&is_inside, open] {
    is_inside = true;
    open.wait();
  };
  auto idle = [] {};
  auto running = start(pool.run(block));
  ASSERT_TRUE(wait_until([&] { return is_inside.load(); }));
  auto queued = start(pool.run(idle));
  auto stopping = start(pool.stop());
  ASSERT_TRUE(queued.done());
  EXPECT_EQ(queued.take().error().code, Errc::cancelled);
  EXPECT_FALSE(stopping.done());
  opened.set_value();
  ASSERT_TRUE(wait_until([&] { return stopping.done(); }));
  EXPECT_TRUE(running.take());
  EXPECT_EQ(await(pool.run(idle)).error().code, Errc::cancelled);
}

TEST_F(Shutdown, PoolThatDiesWithWorkInItJoinsItsThreads) {
  std::atomic<int> ran = 0;
  {
    WorkerPool pool(executor(), {}, telemetry());
    auto count = [&ran] { ++ran; };
    for (int i = 0; i < 20; ++i) static_cast<void>(start(pool.run(count)));
  }
  settle();
  EXPECT_LE(ran, 20);
}

Task<void> until_told(Notification& told) { co_await told.wait(); }

TEST(SignalsAndRun, SignalEndsTheLoopThroughItsHandler) {
  const SystemWallClock wall;
  test_support::RecordingTelemetry recorded(wall);
  EventLoop loop(recorded.get());
  Notification told(loop.executor());
  int seen = 0;
  loop.on_signals({SIGUSR1}, [&](int number) {
    seen = number;
    told.notify_all();
  });
  ASSERT_EQ(::raise(SIGUSR1), 0);
  loop.run(until_told(told));
  EXPECT_EQ(seen, SIGUSR1);
}

Task<void> throw_at_once() {
  co_await yield_to_others();
  throw std::runtime_error("broken");
}

TEST(SignalsAndRun, RunGivesBackWhatMainThrew) {
  const SystemWallClock wall;
  test_support::RecordingTelemetry recorded(wall);
  EventLoop loop(recorded.get());
  EXPECT_THROW(loop.run(throw_at_once()), std::runtime_error);
}

Task<void> hold_the_loop(ManualClock& clock, observability::Histogram lag) {
  while (lag.count() < 2) {
    {
      const WorkScope scope("test.slow_thing");
      clock.advance(500ms);
    }
    co_await yield_to_others();
  }
}

TEST(SignalsAndRun, LagOverTheLimitNamesTheWorkThatHeldTheLoop) {
  ManualClock clock;
  test_support::RecordingTelemetry recorded(clock);
  EventLoop loop(recorded.get());
  auto lag = recorded.get().metrics().histogram("loquat_runtime_loop_lag_seconds", "");
  loop.run(hold_the_loop(clock, lag));
  const auto lines = recorded.events("runtime.loop_lagged");
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(std::get<std::string>(lines[0].fields[1].value), "test.slow_thing");
}

}  // namespace
}  // namespace loquat::runtime
