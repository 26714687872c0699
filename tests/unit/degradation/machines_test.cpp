#include <gtest/gtest.h>

#include "loquat/degradation/bounded_buffer.hpp"
#include "loquat/degradation/breaker.hpp"
#include "loquat/degradation/health_board.hpp"
#include "loquat/degradation/retry_budget.hpp"

namespace loquat::degradation {
namespace {

using namespace std::chrono_literals;

constexpr Time kStart{1h};

Breaker opened(BreakerConfig config = {}) {
  Breaker breaker(config);
  for (std::uint32_t i = 0; i < config.failures_to_open; ++i) {
    EXPECT_EQ(breaker.ask(kStart), Breaker::Admission::pass);
    breaker.report(false, CallOutcome::failed, kStart);
  }
  return breaker;
}

TEST(Breaker, OpensAfterEnoughFailuresWithinTheWindow) {
  EXPECT_EQ(opened().state(), BreakerState::open);
}

TEST(Breaker, ForgetsFailuresThatAreOlderThanTheWindow) {
  Breaker breaker({.failures_to_open = 2, .window = 1s});
  breaker.report(false, CallOutcome::failed, kStart);
  breaker.report(false, CallOutcome::failed, kStart + 2s);
  EXPECT_EQ(breaker.state(), BreakerState::closed);
}

TEST(Breaker, RefusesUntilThePauseEnds) {
  Breaker breaker = opened();
  EXPECT_EQ(breaker.ask(kStart + 999ms), Breaker::Admission::refuse);
  EXPECT_EQ(breaker.ask(kStart + 1s), Breaker::Admission::probe);
  EXPECT_EQ(breaker.ask(kStart + 1s), Breaker::Admission::refuse);
}

TEST(Breaker, ClosesAfterAGoodProbeAndDoublesThePauseAfterABadOne) {
  Breaker breaker = opened();
  ASSERT_EQ(breaker.ask(kStart + 1s), Breaker::Admission::probe);
  breaker.report(true, CallOutcome::failed, kStart + 1s);
  EXPECT_EQ(breaker.ask(kStart + 2s), Breaker::Admission::refuse);
  ASSERT_EQ(breaker.ask(kStart + 3s), Breaker::Admission::probe);
  breaker.report(true, CallOutcome::ok, kStart + 3s);
  EXPECT_EQ(breaker.state(), BreakerState::closed);
  EXPECT_EQ(breaker.ask(kStart + 3s), Breaker::Admission::pass);
}

TEST(Breaker, ACancelledProbeLeavesTheNextCallToProbe) {
  Breaker breaker = opened();
  ASSERT_EQ(breaker.ask(kStart + 1s), Breaker::Admission::probe);
  breaker.report(true, CallOutcome::cancelled, kStart + 1s);
  EXPECT_EQ(breaker.ask(kStart + 1s), Breaker::Admission::probe);
}

TEST(Breaker, AProbeThatNeverReportsLosesItsLease) {
  Breaker breaker = opened({.probe_lease = 5s});
  ASSERT_EQ(breaker.ask(kStart + 1s), Breaker::Admission::probe);
  EXPECT_EQ(breaker.ask(kStart + 5s), Breaker::Admission::refuse);
  EXPECT_EQ(breaker.ask(kStart + 6s), Breaker::Admission::probe);
}

TEST(Breaker, CancelledCallsNeverOpenIt) {
  Breaker breaker({.failures_to_open = 1});
  for (int i = 0; i < 100; ++i) breaker.report(false, CallOutcome::cancelled, kStart);
  EXPECT_EQ(breaker.state(), BreakerState::closed);
}

TEST(Breaker, LateSuccessOfAnOldCallDoesNotCloseIt) {
  Breaker breaker = opened();
  breaker.report(false, CallOutcome::ok, kStart);
  EXPECT_EQ(breaker.state(), BreakerState::open);
}

TEST(RetryBudget, GivesUpAfterTheAttemptsAndWhenTheBudgetIsSpent) {
  SeededRandom random(1);
  RetryBudget budget({.attempts_max = 3, .backoff = 10ms, .backoff_max = 100ms, .budget_ratio = 0},
                     random);
  EXPECT_TRUE(budget.next_pause(1));
  EXPECT_TRUE(budget.next_pause(2));
  EXPECT_FALSE(budget.next_pause(3));
  int granted = 2;
  while (budget.next_pause(1)) ++granted;
  EXPECT_EQ(granted, 10);
  budget.note_first_attempt();
  EXPECT_FALSE(budget.next_pause(1));
}

TEST(RetryBudget, JittersBetweenHalfAndAllOfTheDoublingCap) {
  SeededRandom random(7);
  for (int i = 0; i < 5; ++i) {
    RetryBudget budget({.attempts_max = 9, .backoff = 100ms, .backoff_max = 10s, .budget_ratio = 1},
                       random);
    const auto pause = budget.next_pause(3);
    ASSERT_TRUE(pause);
    EXPECT_GE(*pause, 200ms);
    EXPECT_LE(*pause, 400ms);
  }
}

TEST(BoundedBuffer, DropsTheLeastValuableFirstAndNeverTheKept) {
  std::vector<int> dropped;
  BoundedBuffer<int> buffer(
      {.events_max = 3, .bytes_max = 1000, .policy = FullPolicy::drop_lowest, .keep_rank = 80},
      [&](int&& gone) { dropped.push_back(gone); });
  EXPECT_EQ(buffer.push(1, 10, 10), PushOutcome::stored);
  EXPECT_EQ(buffer.push(2, 10, 50), PushOutcome::stored);
  EXPECT_EQ(buffer.push(3, 10, 90), PushOutcome::stored);
  EXPECT_EQ(buffer.push(4, 10, 90), PushOutcome::stored);
  EXPECT_EQ(dropped, (std::vector<int>{1}));
  EXPECT_EQ(buffer.push(5, 10, 20), PushOutcome::dropped);
  EXPECT_EQ(buffer.push(6, 10, 90), PushOutcome::stored);
  EXPECT_EQ(buffer.push(7, 10, 90), PushOutcome::refused);
}

TEST(BoundedBuffer, RefusesAnItemLargerThanAll) {
  BoundedBuffer<int> buffer({.events_max = 3, .bytes_max = 10, .policy = FullPolicy::drop_oldest});
  EXPECT_EQ(buffer.push(1, 5), PushOutcome::stored);
  EXPECT_NE(buffer.push(2, 11), PushOutcome::stored);
  EXPECT_EQ(buffer.size(), 1U);
}

TEST(BoundedBuffer, APinnedItemKeepsItsPlaceUntilItLeavesByItsNumber) {
  for (const auto policy : {FullPolicy::drop_lowest, FullPolicy::drop_oldest}) {
    BoundedBuffer<int> buffer({.events_max = 2, .bytes_max = 100, .policy = policy});
    const auto first = buffer.place(1, 10, 1);
    const auto second = buffer.place(2, 10, 2);
    buffer.pin(first);
    EXPECT_NE(buffer.place(3, 10, 9), 0U);
    EXPECT_NE(buffer.find(first), nullptr) << "pinned";
    EXPECT_EQ(buffer.find(second), nullptr) << "made room";
    buffer.remove(first);
    EXPECT_EQ(buffer.size(), 1U);
    EXPECT_EQ(buffer.totals().offered,
              buffer.totals().delivered + buffer.totals().dropped + buffer.size());
  }
}

TEST(BoundedBuffer, AnItemThatFindsNoRoomIsNotMovedFrom) {
  BoundedBuffer<std::string> buffer({.events_max = 0});
  std::string item = "a text that is too long to be kept inside of the string itself";
  EXPECT_EQ(buffer.place(std::move(item), 1), 0U);
  EXPECT_FALSE(item.empty());
}

/// Against the rule itself, item by item; also with more items than are looked at by rank at once.
TEST(BoundedBuffer, MakesRoomByTheRuleWhateverWasPinnedMeanwhile) {
  struct Known {
    std::uint64_t number;
    int rank;
    bool is_pinned;
  };
  for (const std::size_t most : {20U, 4'500U}) {
    SeededRandom random(most);
    std::vector<Known> known;
    std::vector<int> gone;
    BoundedBuffer<int> buffer({.events_max = most,
                               .bytes_max = 1U << 20U,
                               .policy = FullPolicy::drop_lowest,
                               .keep_rank = 8},
                              [&](int&& value) { gone.push_back(value); });
    for (int i = 1; i <= 12'000; ++i) {
      const auto choice = random.next() % 10;
      if (choice < 7 || known.empty()) {
        const int rank = static_cast<int>(random.next() % 10);
        auto victim = known.end();
        if (known.size() == most)
          for (auto at = known.begin(); at != known.end(); ++at)
            if (!at->is_pinned && (victim == known.end() || at->rank < victim->rank)) victim = at;
        const bool may_go = victim != known.end() && victim->rank < rank && victim->rank < 8;
        gone.clear();
        const auto number = buffer.place(int{rank}, 1, rank);
        ASSERT_EQ(number != 0, known.size() < most || may_go);
        ASSERT_EQ(gone, known.size() == most && may_go ? std::vector<int>{victim->rank}
                                                       : std::vector<int>{});
        if (known.size() == most && may_go) {
          ASSERT_EQ(buffer.find(victim->number), nullptr);
          known.erase(victim);
        }
        if (number != 0) known.push_back({number, rank, false});
        continue;
      }
      auto& one = known[random.next() % known.size()];
      if (choice == 7) {
        buffer.remove(one.number);
        known.erase(known.begin() + (&one - known.data()));
      } else {
        one.is_pinned = !one.is_pinned;
        one.is_pinned ? buffer.pin(one.number) : buffer.unpin(one.number);
      }
    }
    ASSERT_EQ(buffer.size(), known.size());
    for (const auto& one : known) ASSERT_NE(buffer.find(one.number), nullptr);
  }
}

class BufferAccounting : public ::testing::TestWithParam<FullPolicy> {};

TEST_P(BufferAccounting, HoldsWhateverHappens) {
  SeededRandom random(static_cast<std::uint64_t>(GetParam()) + 17);
  std::uint64_t told = 0;
  BoundedBuffer<int> buffer(
      {.events_max = 20, .bytes_max = 300, .policy = GetParam(), .keep_rank = 8},
      [&](int&&) { ++told; });
  for (int i = 0; i < 20'000; ++i) {
    if (random.next() % 3 == 0)
      static_cast<void>(buffer.pop());
    else
      buffer.push(i, random.next() % 50, static_cast<int>(random.next() % 10));
    const auto& t = buffer.totals();
    ASSERT_EQ(t.offered, t.delivered + t.dropped + t.refused + buffer.size());
    ASSERT_LE(buffer.size(), 20U);
    ASSERT_LE(buffer.bytes(), 300U);
  }
  EXPECT_LE(told, buffer.totals().dropped);
}

INSTANTIATE_TEST_SUITE_P(AllPolicies, BufferAccounting,
                         ::testing::Values(FullPolicy::refuse, FullPolicy::drop_oldest,
                                           FullPolicy::drop_newest, FullPolicy::drop_lowest));

TEST(HealthBoard, MovesSinceOnlyWhenTheStateChanges) {
  ManualClock clock;
  HealthBoard board(clock);
  board.add("kafka", "events wait");
  const auto at_start = board.find("kafka")->since;
  clock.advance(5s);
  board.set("kafka", Health::up);
  EXPECT_EQ(board.find("kafka")->since, at_start);
  int told = 0;
  board.observe([&](std::string_view, const IntegrationHealth&) { ++told; });
  board.set("kafka", Health::degraded, "no broker");
  EXPECT_EQ(told, 1);
  EXPECT_GT(board.find("kafka")->since, at_start);
  EXPECT_EQ(board.overall(), OverallHealth::degraded);
  EXPECT_EQ(board.degraded(), std::vector<std::string>{"kafka"});
  board.set("kafka", Health::up);
  EXPECT_EQ(board.overall(), OverallHealth::ok);
}

}  // namespace
}  // namespace loquat::degradation
