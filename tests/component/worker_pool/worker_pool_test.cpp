#include "loquat/runtime/worker_pool.hpp"

#include <atomic>
#include <future>
#include <stdexcept>

#include "loquat/runtime/task_group.hpp"
#include "support/loop_fixture.hpp"

namespace loquat::runtime {
namespace {

using namespace std::chrono_literals;

/// Holds workers until the test lets them go.
struct Barrier {
  std::promise<void> opened;
  std::shared_future<void> open = opened.get_future().share();
  std::atomic<int> inside = 0;
  void hold() {
    ++inside;
    open.wait();
  }
};

class Workers : public test_support::LoopFixture {
 protected:
  WorkerPool::Options options{.name = "test", .threads = 2, .queue_max = 2};
};

TEST_F(Workers, ValuesErrorsAndExceptionsComeBackToTheLoop) {
  WorkerPool pool(executor(), options, telemetry());
  const auto loop_thread = std::this_thread::get_id();
  auto elsewhere = [loop_thread] { return std::this_thread::get_id() != loop_thread; };
  EXPECT_TRUE(await(pool.run(elsewhere)).value());
  auto refuse = []() -> Result<int> { return fail(Errc::corrupt, "bad"); };
  EXPECT_EQ(await(pool.run(refuse)).error().code, Errc::corrupt);
  auto nothing = [] {};
  EXPECT_TRUE(await(pool.run(nothing)));
  auto broken = []() -> int { throw std::runtime_error("broken"); };
  EXPECT_THROW(await(pool.run(broken)), std::runtime_error);
  await(pool.stop());
}

TEST_F(Workers, FullQueueIsRefusedAndCounted) {
  WorkerPool pool(executor(), options, telemetry());
  Barrier barrier;
  auto work = [&barrier] { barrier.hold(); };
  auto one = start(pool.run(work));
  auto two = start(pool.run(work));
  ASSERT_TRUE(wait_until([&] { return barrier.inside == 2; }));
  auto three = start(pool.run(work));
  auto four = start(pool.run(work));
  auto refused = await(pool.run(work));
  EXPECT_EQ(refused.error().code, Errc::overloaded);
  EXPECT_EQ(recorded.events("runtime.job_refused").size(), 1U);
  barrier.opened.set_value();
  ASSERT_TRUE(wait_until([&] { return three.done() && four.done(); }));
  await(pool.stop());
}

TEST_F(Workers, CancelledJobInTheQueueNeverRuns) {
  options.threads = 1;
  WorkerPool pool(executor(), options, telemetry());
  Barrier barrier;
  std::atomic<bool> has_run = false;
  auto block = [&barrier] { barrier.hold(); };
  auto mark = [&has_run] { has_run = true; };
  auto one = start(pool.run(block));
  ASSERT_TRUE(wait_until([&] { return barrier.inside == 1; }));
  auto queued = start(pool.run(mark));
  queued.cancel();
  settle();
  EXPECT_TRUE(queued.was_cancelled());
  EXPECT_EQ(pool.queued(), 0U);
  barrier.opened.set_value();
  ASSERT_TRUE(wait_until([&] { return one.done(); }));
  await(pool.stop());
  EXPECT_FALSE(has_run);
}

TEST_F(Workers, RunningJobIsInterruptedByItsHookAndAwaited) {
  WorkerPool pool(executor(), options, telemetry());
  Barrier barrier;
  int interrupts = 0;
  auto block = [&barrier] { barrier.hold(); };
  auto hook = [&interrupts] { ++interrupts; };
  auto running = start(pool.run(block, hook));
  ASSERT_TRUE(wait_until([&] { return barrier.inside == 1; }));
  running.cancel();
  settle();
  EXPECT_EQ(interrupts, 1);
  EXPECT_FALSE(running.done());
  barrier.opened.set_value();
  ASSERT_TRUE(wait_until([&] { return running.done(); }));
  EXPECT_TRUE(running.was_cancelled());
  await(pool.stop());
}

TEST_F(Workers, DeadlineReachesTheHookOfARunningJob) {
  WorkerPool pool(executor(), options, telemetry());
  Barrier barrier;
  auto block = [&barrier]() -> Result<int> {
    barrier.hold();
    return 1;
  };
  auto hook = [&barrier] { barrier.opened.set_value(); };
  auto pending = start(with_deadline(pool.run(block, hook), deadline_after(3s)));
  ASSERT_TRUE(wait_until([&] { return barrier.inside == 1; }));
  advance(3s);
  ASSERT_TRUE(wait_until([&] { return pending.done(); }));
  EXPECT_EQ(pending.take().error().code, Errc::timed_out);
  await(pool.stop());
}

Task<void> add_up(WorkerPool& pool, std::atomic<int>& sum, int& finished) {
  for (int i = 0; i < 50; ++i) {
    auto work = [&sum] { ++sum; };
    auto done = co_await pool.run(std::move(work));
    if (!done) co_return;
  }
  ++finished;
}

TEST_F(Workers, ManyTasksShareFewThreads) {
  options.queue_max = 100;
  WorkerPool pool(executor(), options, telemetry());
  std::atomic<int> sum = 0;
  int finished = 0;
  TaskGroup group(executor(), "test", telemetry());
  for (int i = 0; i < 20; ++i) group.spawn("add", add_up(pool, sum, finished));
  ASSERT_TRUE(wait_until([&] { return finished == 20; }));
  EXPECT_EQ(sum, 1000);
  await(group.close());
  await(pool.stop());
}

TEST_F(Workers, ForeignThreadsWakeTheLoopThroughTheDescriptor) {
  EventFd wake(executor());
  auto waiting = start(wake.wait());
  EXPECT_FALSE(waiting.done());
  std::thread foreign([&wake] { wake.wake(); });
  EXPECT_TRUE(wait_until([&] { return waiting.done(); }));
  foreign.join();
  wake.wake();
  wake.wake();
  await(wake.wait());
  auto again = start(wake.wait());  // many wakes were one
  EXPECT_FALSE(again.done());
  again.cancel();
  settle();
  EXPECT_TRUE(again.was_cancelled());
}

}  // namespace
}  // namespace loquat::runtime
