#include "learning.hpp"

#include <gtest/gtest.h>

namespace loquat::personalization {
namespace {

using namespace std::chrono_literals;
constexpr WallTime kNow{std::chrono::hours(24 * 365 * 55)};

TEST(Learning, NeedsThreeVotesAndAClearMajority) {
  Profile profile;
  learn(profile, Subject::grain, "week", 1, kNow);
  learn(profile, Subject::grain, "week", 1, kNow);
  EXPECT_EQ(preferences_of(profile, kNow).grain, "");
  learn(profile, Subject::grain, "week", 1, kNow);
  EXPECT_EQ(preferences_of(profile, kNow).grain, "week");
  for (int i = 0; i < 3; ++i) learn(profile, Subject::grain, "month", 1, kNow);
  EXPECT_EQ(preferences_of(profile, kNow).grain, "");
}

TEST(Learning, VotesAgainstTakeAway) {
  Profile profile;
  for (int i = 0; i < 4; ++i) learn(profile, Subject::chart, "bar", 1, kNow);
  EXPECT_EQ(preferences_of(profile, kNow).chart_type, "bar");
  for (int i = 0; i < 3; ++i) learn(profile, Subject::chart, "bar", -1, kNow);
  EXPECT_EQ(preferences_of(profile, kNow).chart_type, "");
}

TEST(Learning, AHabitFades) {
  Profile profile;
  for (int i = 0; i < 5; ++i) learn(profile, Subject::chart, "bar", 1, kNow);
  EXPECT_EQ(preferences_of(profile, kNow + 24h * 60).chart_type, "");
}

TEST(Learning, WhatIsSetByHandWins) {
  Profile profile;
  for (int i = 0; i < 5; ++i) learn(profile, Subject::chart, "bar", 1, kNow);
  profile.set_chart_type = "table";
  EXPECT_EQ(preferences_of(profile, kNow).chart_type, "table");
  EXPECT_EQ(explain(profile, Subject::chart, kNow), "You set the chart table.");
}

TEST(Learning, RemembersABoundedNumberOfChoices) {
  Profile profile;
  for (int i = 0; i < 100; ++i) learn(profile, Subject::chart, "kind" + std::to_string(i), 1, kNow);
  EXPECT_LE(profile.charts.size(), 16U);
}

}  // namespace
}  // namespace loquat::personalization
