#include <gtest/gtest.h>

#include "integrations/memory/compare.hpp"
#include "integrations/memory/gate.hpp"

namespace loquat::memory {
namespace {

using contracts::LearntItem;
using contracts::LearntState;

int events = 0;
void say(LearntItem& item, const std::string& user, bool agrees, const std::string& response = "r",
         const std::string& place = "correction") {
  take_stance(item, {"fb-" + std::to_string(++events), user, response, place, agrees});
}

LearntItem correction() {
  LearntItem item;
  item.query = wire::QueryShape{};
  say(item, "ann", true);
  change_state(item, LearntState::pending, "ann", "A correction.", {});
  return item;
}

TEST(Gate, OneUserAloneNeverMakesAnItemActive) {
  LearntItem item = correction();
  say(item, "ann", true);
  say(item, "ann", true);
  apply_threshold(item, 2, {});
  EXPECT_EQ(item.state, LearntState::pending);
}

TEST(Gate, EnoughDistinctUsersMakeItActiveAndOneAgainstTakesItBack) {
  LearntItem item = correction();
  say(item, "bob", true);
  apply_threshold(item, 2, {});
  EXPECT_EQ(item.state, LearntState::active);
  EXPECT_EQ(item.version, 2);
  say(item, "eve", false);
  apply_threshold(item, 2, {});
  EXPECT_EQ(item.state, LearntState::pending);
}

TEST(Gate, WhatSpeaksAgainstAnItemKeepsItFromTheThreshold) {
  LearntItem item = correction();
  item.problems = {"The question names the metric revenue; the query does not use it."};
  say(item, "bob", true);
  say(item, "cid", true);
  apply_threshold(item, 2, {});
  EXPECT_EQ(item.state, LearntState::pending);
}

TEST(Gate, ZeroMeansThatOnlyAPersonActivates) {
  LearntItem item = correction();
  say(item, "bob", true);
  apply_threshold(item, 0, {});
  EXPECT_EQ(item.state, LearntState::pending);
}

TEST(Gate, WhatAPersonDecidedTheThresholdLeavesAlone) {
  LearntItem item = correction();
  change_state(item, LearntState::retired, "curator", "Wrong.", {});
  say(item, "bob", true);
  apply_threshold(item, 2, {});
  EXPECT_EQ(item.state, LearntState::retired);
}

TEST(Gate, UndoGoesBackToTheStateBefore) {
  LearntItem item = correction();
  EXPECT_FALSE(undo(item, "curator", {}));
  change_state(item, LearntState::active, "curator", "Right.", {});
  ASSERT_TRUE(undo(item, "curator", {}));
  EXPECT_EQ(item.state, LearntState::pending);
  EXPECT_EQ(item.version, 3);
}

TEST(Gate, UndoGivesTheQueryBackThatAnotherOneReplaced) {
  LearntItem item = correction();
  item.query->metrics = {"revenue"};
  change_state(item, LearntState::active, "curator", "Right.", {});
  wire::QueryShape other;
  other.metrics = {"orders"};
  change_query(item, other, "curator", "Better.", {});
  EXPECT_EQ(item.version, 3);
  ASSERT_TRUE(undo(item, "curator", {}));
  EXPECT_EQ(item.query->metrics, std::vector<std::string>{"revenue"});
  EXPECT_EQ(item.state, LearntState::active);
}

TEST(Stances, OfAnotherAnswerStandWhenOneIsTakenBack) {
  LearntItem item = correction();
  say(item, "eve", false, "r1", "thumbs");
  say(item, "eve", false, "r2", "thumbs");
  EXPECT_TRUE(withdraw(item, {"", "eve", "r1", "thumbs", true}));
  EXPECT_EQ(item.contradicting_users, std::vector<std::string>{"eve"});
  EXPECT_FALSE(withdraw(item, {"", "eve", "r1", "thumbs", true}));
  EXPECT_TRUE(withdraw(item, {"", "eve", "r2", "thumbs", true}));
  EXPECT_TRUE(item.contradicting_users.empty());
}

TEST(Stances, AreTakenBackByTheirEventWhoeverElseHeldOne) {
  LearntItem item = correction();
  say(item, "bob", false);
  const std::string by_bob = "fb-" + std::to_string(events);
  EXPECT_TRUE(withdraw(item, by_bob, "bob"));
  EXPECT_TRUE(item.contradicting_users.empty());
  EXPECT_EQ(item.agreeing_users, std::vector<std::string>{"ann"});
  EXPECT_FALSE(withdraw(item, by_bob, "bob"));
}

TEST(Stances, OfBeforeTheyWereKeptGoWithTheirSource) {
  LearntItem item;
  item.agreeing_users = {"ann", "bob"};
  item.contradicting_users = {"eve"};
  item.source_event_ids = {"fb-old"};
  complete_stances(item);
  EXPECT_TRUE(withdraw(item, "fb-old", "ann"));
  EXPECT_EQ(item.agreeing_users, std::vector<std::string>{"bob"});
  EXPECT_EQ(item.contradicting_users, std::vector<std::string>{"eve"});
}

contracts::ResultSet rows(std::vector<contracts::Row> made) {
  contracts::ResultSet out;
  out.rows = std::move(made);
  return out;
}

TEST(Equalities, AreReadInOnePassHoweverLongTheLiteral) {
  const std::string lines(200'000, 'a');
  const auto found =
      equalities_in("SELECT 1 WHERE plan = '" + lines +
                    "' AND \"Region\"\n!= 'it''s' AND x IN ('b') AND 7 = 'c' AND y<>'z'");
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].column, "plan");
  EXPECT_EQ(found[0].literal.size(), lines.size() + 2);
  EXPECT_EQ(found[1].column, "Region");
  EXPECT_FALSE(found[1].is_equal);
  EXPECT_EQ(found[1].literal, "'it''s'");
  EXPECT_EQ(found[2].column, "y");
  EXPECT_TRUE(equalities_in("a = 'no end").empty());
}
TEST(SameResult, IgnoresOrderAndMidnightButNoNumber) {
  EXPECT_TRUE(is_same_result(
      rows({{std::string("2025-01-01T00:00:00"), 2.0}, {std::string("b"), 3.0}}),
      rows({{3.0, std::string("b")}, {std::int64_t{2}, std::string("2025-01-01")}})));
  EXPECT_FALSE(is_same_result(rows({{2.0}}), rows({{2.1}})));
}

TEST(SameResult, ProvesNothingWithoutRowsOrNumbers) {
  EXPECT_FALSE(is_same_result(rows({}), rows({})));
  EXPECT_FALSE(is_same_result(rows({{std::string("a")}}), rows({{std::string("a")}})));
}

}  // namespace
}  // namespace loquat::memory
