#include "loquat/runtime/task.hpp"

#include <stdexcept>

#include "loquat/runtime/task_group.hpp"
#include "support/loop_fixture.hpp"

namespace loquat::runtime {
namespace {

using namespace std::chrono_literals;

class Tasks : public test_support::LoopFixture {};

Task<Result<int>> answer_after(Clock::duration duration, int& ended_early) {
  struct Watch {
    int& count;
    bool is_whole = false;
    ~Watch() {
      if (!is_whole) ++count;
    }
  } watch{ended_early};
  co_await pause_for(duration);
  watch.is_whole = true;
  co_return 42;
}
Task<Result<int>> break_down() {
  co_await yield_to_others();
  throw std::runtime_error("broken");
}
Task<void> count_when_over(Clock::duration duration, int& count) {
  co_await pause_for(duration);
  ++count;
}
Task<void> throw_later() {
  co_await pause_for(1s);
  throw std::runtime_error("disk on fire");
}

TEST_F(Tasks, DeadlineGivesTheValueOfWhatEndsInTime) {
  int early = 0;
  auto pending = start(with_deadline(answer_after(1s, early), deadline_after(2s)));
  advance(1s);
  ASSERT_TRUE(pending.done());
  EXPECT_EQ(pending.take().value(), 42);
}

TEST_F(Tasks, DeadlineEndsTheOperationBeforeItAnswers) {
  int early = 0;
  auto pending = start(with_deadline(answer_after(5s, early), deadline_after(2s)));
  advance(2s);
  ASSERT_TRUE(pending.done());
  EXPECT_EQ(pending.take().error().code, Errc::timed_out);
  EXPECT_EQ(early, 1);
}

TEST_F(Tasks, PassedDeadlineStartsNothing) {
  int early = 0;
  auto outcome = await(with_deadline(answer_after(5s, early), Clock::now()));
  EXPECT_EQ(outcome.error().code, Errc::timed_out);
  EXPECT_EQ(early, 0);
}

TEST_F(Tasks, CancellationGoesThroughADeadline) {
  int early = 0;
  auto pending = start(with_deadline(answer_after(5s, early), deadline_after(1min)));
  pending.cancel();
  settle();
  EXPECT_TRUE(pending.was_cancelled());
  EXPECT_EQ(early, 1);
}

TEST_F(Tasks, ExceptionsGoThroughADeadline) {
  auto pending = start(with_deadline(break_down(), deadline_after(1min)));
  ASSERT_TRUE(pending.done());
  EXPECT_THROW(pending.take(), std::runtime_error);
}

TEST_F(Tasks, DeadlinesSaturate) {
  EXPECT_EQ(deadline_after(Clock::duration::max()), kNever);
  EXPECT_EQ(remaining(Clock::now() - 1s), 0s);
}

TEST_F(Tasks, GroupStartsNothingFromWithinSpawn) {
  int count = 0;
  TaskGroup group(executor(), "test", telemetry());
  group.spawn("one", count_when_over(0s, count));
  EXPECT_EQ(count, 0);
  settle();
  EXPECT_EQ(count, 1);
  EXPECT_EQ(group.size(), 0U);
}

TEST_F(Tasks, ClosingCancelsAllAndAwaitsTheirEnd) {
  int count = 0;
  TaskGroup group(executor(), "test", telemetry());
  group.spawn("one", count_when_over(1s, count));
  group.spawn("two", count_when_over(2s, count));
  settle();
  await(group.close());
  EXPECT_EQ(group.size(), 0U);
  EXPECT_EQ(count, 0);
  group.spawn("late", count_when_over(0s, count));
  settle();
  EXPECT_EQ(count, 0);
  EXPECT_TRUE(recorded.events("runtime.task_failed").empty());
}

TEST_F(Tasks, DrainingLetsWorkEndAndCutsOffTheRest) {
  int count = 0;
  TaskGroup group(executor(), "test", telemetry());
  group.spawn("quick", count_when_over(1s, count));
  group.spawn("slow", count_when_over(1h, count));
  auto draining = start(group.drain(deadline_after(5s)));
  advance(1s);
  EXPECT_EQ(count, 1);
  EXPECT_FALSE(draining.done());
  advance(4s);
  EXPECT_TRUE(draining.done());
  EXPECT_EQ(count, 1);
}

TEST_F(Tasks, OneTasksFailureIsReportedAndLeavesTheOthers) {
  int count = 0;
  TaskGroup group(executor(), "test", telemetry());
  group.spawn("bad", throw_later());
  group.spawn("good", count_when_over(2s, count));
  settle();
  advance(1s);
  advance(1s);
  EXPECT_EQ(count, 1);
  EXPECT_EQ(recorded.events("runtime.task_failed").size(), 1U);
}

TEST_F(Tasks, GroupThatDiesFirstSaysSo) {
  int count = 0;
  {
    TaskGroup group(executor(), "test", telemetry());
    group.spawn("orphan", count_when_over(1s, count));
    settle();
  }
  settle();
  EXPECT_EQ(recorded.events("runtime.tasks_left").size(), 1U);
}

}  // namespace
}  // namespace loquat::runtime
