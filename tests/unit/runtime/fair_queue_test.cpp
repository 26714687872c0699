#include "loquat/runtime/fair_queue.hpp"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "loquat/runtime/fair_gate.hpp"
#include "support/loop_fixture.hpp"

namespace loquat::runtime {
namespace {

using Entry = FairQueue::Entry;

FairQueue::Limits limits(std::size_t slots) {
  return {slots, slots, slots, 10'000, 10'000, 10'000};
}

TEST(FairQueue, GivesTheNextSlotToATenantThatHoldsNone) {
  FairQueue queue(limits(4));
  std::vector<FairQueue::Ticket> running;
  for (int i = 0; i < 1004; ++i) {
    const auto entered = queue.enter("big", "u" + std::to_string(i % 7));
    if (entered.entry == Entry::runs) running.push_back(entered.ticket);
  }
  ASSERT_EQ(running.size(), 4U);
  ASSERT_EQ(queue.waiting(), 1000U);
  const auto small = queue.enter("small", "ann");
  ASSERT_EQ(small.entry, Entry::waits);
  EXPECT_EQ(queue.leave(running[0]), small.ticket) << "a thousand others came before it";
}
TEST(FairQueue, SharesSlotsEquallyAmongThoseThatWait) {
  FairQueue queue(limits(6));
  std::map<FairQueue::Ticket, std::string> owner;
  std::vector<FairQueue::Ticket> running;
  for (const auto* tenant : {"a", "b", "c"})
    for (int i = 0; i < 40; ++i) {
      const auto entered = queue.enter(tenant, "u");
      owner[entered.ticket] = tenant;
      if (entered.entry == Entry::runs) running.push_back(entered.ticket);
    }
  std::map<std::string, int> served;
  for (int i = 0; i < 60; ++i) {
    const auto next = queue.leave(running[static_cast<std::size_t>(i)]);
    ASSERT_TRUE(next);
    running.push_back(*next);
    ++served[owner[*next]];
  }
  for (const auto* tenant : {"a", "b", "c"}) EXPECT_NEAR(served[tenant], 20, 2) << tenant;
}
TEST(FairQueue, SharesWithinATenantAmongItsUsers) {
  FairQueue queue(limits(1));
  const auto first = queue.enter("t", "eager");
  for (int i = 0; i < 100; ++i) static_cast<void>(queue.enter("t", "eager"));
  const auto other = queue.enter("t", "calm");
  EXPECT_EQ(queue.leave(first.ticket), other.ticket);
}
TEST(FairQueue, KeepsSlotsFreeForOthersPastATenantsShare) {
  FairQueue queue({4, 3, 2, 100, 100, 100});
  EXPECT_EQ(queue.enter("t", "a").entry, Entry::runs);
  EXPECT_EQ(queue.enter("t", "a").entry, Entry::runs);
  EXPECT_EQ(queue.enter("t", "a").entry, Entry::waits) << "a user has two at most";
  EXPECT_EQ(queue.enter("t", "b").entry, Entry::runs);
  EXPECT_EQ(queue.enter("t", "c").entry, Entry::waits) << "a tenant has three at most";
  EXPECT_EQ(queue.enter("other", "d").entry, Entry::runs);
  EXPECT_EQ(queue.running(), 4U);
}
TEST(FairQueue, NamesTheNarrowestLimitThatIsReached) {
  FairQueue queue({1, 1, 1, 6, 4, 2});
  EXPECT_EQ(queue.enter("t", "a").entry, Entry::runs);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(queue.enter("t", "a").entry, Entry::waits);
  EXPECT_EQ(queue.enter("t", "a").entry, Entry::member_full);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(queue.enter("t", "b").entry, Entry::waits);
  EXPECT_EQ(queue.ask("t", "c"), Entry::group_full);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(queue.enter("other", "x").entry, Entry::waits);
  EXPECT_EQ(queue.enter("third", "y").entry, Entry::full);
  EXPECT_EQ(queue.waiting(), 6U);
}
TEST(FairQueue, ForgetsWhoGivesUpWaitingAndLosesNoSlot) {
  FairQueue queue(limits(1));
  const auto first = queue.enter("t", "a");
  const auto gone = queue.enter("t", "a");
  const auto stays = queue.enter("t", "b");
  EXPECT_FALSE(queue.leave(gone.ticket)) << "it held no slot";
  EXPECT_EQ(queue.leave(first.ticket), stays.ticket);
  EXPECT_FALSE(queue.leave(stays.ticket));
  EXPECT_EQ(queue.running() + queue.waiting(), 0U);
  EXPECT_EQ(queue.enter("t", "a").entry, Entry::runs);
}

class FairGateOnALoop : public test_support::LoopFixture {
 protected:
  using Taken = Result<FairGate::Permit>;
  static FairGate::Claim of(std::string tenant) { return {std::move(tenant), "u"}; }
};

TEST_F(FairGateOnALoop, LetsATenantThroughPastAnothersLine) {
  FairGate gate(executor(), limits(1));
  auto held = std::make_unique<Taken>(await(gate.acquire(of("big"), kNever)));
  ASSERT_TRUE(held->has_value());
  auto big = start(gate.acquire(of("big"), kNever));
  auto small = start(gate.acquire(of("small"), kNever));
  EXPECT_FALSE(big.done() || small.done());
  held.reset();
  settle();
  EXPECT_TRUE(small.done());
  EXPECT_FALSE(big.done());
  {
    const auto permit = small.take();
    EXPECT_TRUE(permit);
  }
  settle();
  EXPECT_TRUE(big.done());
}
TEST_F(FairGateOnALoop, LosesNoSlotToWhoIsCancelledOrLate) {
  FairGate gate(executor(), limits(1));
  auto held = std::make_unique<Taken>(await(gate.acquire(of("a"), kNever)));
  auto cancelled = start(gate.acquire(of("a"), kNever));
  auto late = start(gate.acquire(of("a"), Clock::now() + std::chrono::seconds(1)));
  cancelled.cancel();
  settle();
  EXPECT_TRUE(cancelled.was_cancelled());
  advance(std::chrono::seconds(2));
  ASSERT_TRUE(late.done());
  EXPECT_EQ(late.take().error().code, Errc::timed_out);
  held.reset();
  EXPECT_EQ(gate.running() + gate.waiting(), 0U);
  EXPECT_TRUE(await(gate.acquire(of("b"), kNever)));
}
TEST_F(FairGateOnALoop, SaysHowLongAWaitWouldBe) {
  FairGate gate(executor(), limits(1));
  EXPECT_EQ(gate.expected_wait(), Clock::duration::zero());
  {
    const auto held = await(gate.acquire(of("a"), kNever));
    clock.advance(std::chrono::seconds(6));
  }
  const auto held = await(gate.acquire(of("a"), kNever));
  auto waits = start(gate.acquire(of("a"), kNever));
  EXPECT_EQ(gate.expected_wait(), std::chrono::seconds(12)) << "two turns of six seconds";
  waits.cancel();
  settle();
}
TEST_F(FairGateOnALoop, RefusesWhoseShareOfTheLineIsFull) {
  FairGate gate(executor(), {1, 1, 1, 2, 1, 1});
  const auto held = await(gate.acquire(of("a"), kNever));
  auto waits = start(gate.acquire(of("a"), kNever));
  ASSERT_TRUE(gate.refusal(of("a")));
  EXPECT_EQ(gate.refusal(of("a"))->code, Errc::rate_limited);
  EXPECT_FALSE(gate.refusal(of("b")));
  auto other = start(gate.acquire(of("b"), kNever));
  EXPECT_EQ(await(gate.acquire(of("c"), kNever)).error().code, Errc::overloaded);
  waits.cancel();
  other.cancel();
  settle();
}

}  // namespace
}  // namespace loquat::runtime
