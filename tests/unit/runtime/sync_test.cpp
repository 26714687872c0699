#include "loquat/runtime/sync.hpp"

#include <string>

#include "support/loop_fixture.hpp"

namespace loquat::runtime {
namespace {

using namespace std::chrono_literals;

class Sync : public test_support::LoopFixture {};

Task<void> hold(Semaphore& slots, Clock::duration duration, std::string& order, char name) {
  auto permit = co_await slots.acquire();
  if (!permit) co_return;
  order += name;
  co_await pause_for(duration);
}

TEST_F(Sync, TimersFireExactlyWhenTheManualClockReachesThem) {
  auto waiting = start(pause_for(30s));
  advance(29'999ms);
  EXPECT_FALSE(waiting.done());
  advance(1ms);
  EXPECT_TRUE(waiting.done());
}

TEST_F(Sync, NotificationWakesAllWhoWaitAndNobodyLater) {
  Notification changed(executor());
  auto first = start(changed.wait());
  auto second = start(changed.wait_until(deadline_after(1h)));
  changed.notify_all();
  auto late = start(changed.wait());
  EXPECT_TRUE(first.done());
  ASSERT_TRUE(second.done());
  EXPECT_TRUE(second.take());
  EXPECT_FALSE(late.done());
  EXPECT_EQ(changed.waiting(), 1U);
}

TEST_F(Sync, NotificationTellsADeadlineFromAWakeUp) {
  Notification changed(executor());
  auto waiting = start(changed.wait_until(deadline_after(5s)));
  advance(5s);
  ASSERT_TRUE(waiting.done());
  EXPECT_FALSE(waiting.take());
  EXPECT_EQ(changed.waiting(), 0U);
}

TEST_F(Sync, CancelledWaitersLeaveTheLine) {
  Notification changed(executor());
  auto waiting = start(changed.wait());
  waiting.cancel();
  settle();
  EXPECT_TRUE(waiting.was_cancelled());
  EXPECT_EQ(changed.waiting(), 0U);
}

TEST_F(Sync, SemaphoreServesInOrderAndRefusesBeyondItsLine) {
  Semaphore slots(executor(), 1, 2);
  std::string order;
  auto a = start(hold(slots, 10s, order, 'a'));
  auto b = start(hold(slots, 10s, order, 'b'));
  auto c = start(hold(slots, 10s, order, 'c'));
  auto refused = await(slots.acquire());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::overloaded);
  EXPECT_EQ(order, "a");
  advance(10s);
  advance(10s);
  advance(10s);
  EXPECT_EQ(order, "abc");
  EXPECT_EQ(slots.available(), 1U);
}

TEST_F(Sync, SemaphoreTimesOutAndKeepsItsSlots) {
  Semaphore slots(executor(), 1, 2);
  auto permit = slots.try_acquire();
  auto waiting = start(slots.acquire(deadline_after(1s)));
  advance(1s);
  ASSERT_TRUE(waiting.done());
  EXPECT_EQ(waiting.take().error().code, Errc::timed_out);
  permit.reset();
  EXPECT_EQ(slots.available(), 1U);
}

TEST_F(Sync, CancelledWaiterDoesNotTakeTheSlotWithIt) {
  Semaphore slots(executor(), 1, 2);
  auto permit = slots.try_acquire();
  auto waiting = start(slots.acquire());
  permit.reset();    // grants to the waiter...
  waiting.cancel();  // ...who is cancelled before it is resumed
  settle();
  ASSERT_TRUE(waiting.done());
  if (!waiting.was_cancelled()) waiting.take().value();  // taken and given back
  EXPECT_EQ(slots.available(), 1U);
}

TEST_F(Sync, GateWaitsForThoseInsideAndRefusesNewcomers) {
  Gate gate(executor());
  auto pass = gate.enter();
  ASSERT_TRUE(pass);
  auto closing = start(gate.close());
  EXPECT_FALSE(closing.done());
  EXPECT_FALSE(gate.enter());
  pass.reset();
  settle();
  ASSERT_TRUE(closing.done());
  EXPECT_TRUE(closing.take());
}

TEST_F(Sync, GateGivesUpAtTheDeadline) {
  Gate gate(executor());
  auto pass = gate.enter();
  auto closing = start(gate.close(deadline_after(3s)));
  advance(3s);
  ASSERT_TRUE(closing.done());
  EXPECT_FALSE(closing.take());
}

}  // namespace
}  // namespace loquat::runtime
