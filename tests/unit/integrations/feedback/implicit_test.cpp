#include "implicit.hpp"

#include <gtest/gtest.h>

namespace loquat::feedback {
namespace {

using namespace std::chrono_literals;
using wire::AnswerStatus;
using wire::FeedbackType;

contracts::MetricQuery query(std::vector<std::string> metrics,
                             std::vector<std::string> group_by = {}) {
  contracts::MetricQuery made;
  made.metrics = std::move(metrics);
  made.group_by = std::move(group_by);
  return made;
}

/// A session on a clock of its own.
class Watched : public testing::Test {
 protected:
  std::vector<Detected> ask(std::string question, std::optional<contracts::MetricQuery> planned,
                            AnswerStatus status = AnswerStatus::complete,
                            bool is_follow_up = false) {
    now_ += 20s;
    TurnSeen turn{session_,
                  "resp-" + std::to_string(++count_),
                  std::move(question),
                  status,
                  std::move(planned),
                  is_follow_up,
                  "msg-" + std::to_string(count_)};
    return detector_.turn_finished(turn, now_);
  }
  std::vector<Detected> fail(std::string question, AnswerStatus status) {
    return ask(std::move(question), std::nullopt, status);
  }
  ImplicitConfig config_;
  ImplicitDetector detector_{config_};
  Time now_{};
  int count_ = 0;
  std::string session_ = "s1";
};

TEST_F(Watched, AnotherWordingOfTheSameQueryRejectsTheAnswer) {
  EXPECT_TRUE(ask("revenue by month", query({"revenue"}, {"metric_time__month"})).empty());
  const auto found = ask("monthly revenue please", query({"revenue"}, {"metric_time__month"}));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].type, FeedbackType::implicit_reject);
  EXPECT_EQ(found[0].response_id, "resp-1");
  EXPECT_EQ(found[0].message_id, "msg-1");
  EXPECT_EQ(found[0].reason, "reasked_same_query");
  EXPECT_EQ(found[0].evidence, std::vector<std::string>{"resp-2"});
}

TEST_F(Watched, MostlyTheSameWordsThatLedToAnotherMetricRejectTheAnswer) {
  ask("number of customers who ordered last month", query({"customers"}));
  const auto found = ask("number of distinct customers who ordered last month", query({"buyers"}));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].reason, "reasked_similar_words");
}

TEST_F(Watched, ExploringRejectsNothing) {
  ask("revenue by region last year", query({"revenue"}, {"order__region"}));
  EXPECT_TRUE(ask("revenue by country last year", query({"revenue"}, {"order__country"})).empty());
  auto january = query({"revenue"}, {"customer"});
  january.start_time = parse_date("2024-01-01");
  auto february = january;
  february.start_time = parse_date("2024-02-01");
  EXPECT_TRUE(ask("top ten customers by revenue in january 2024", january).empty());
  EXPECT_TRUE(ask("top ten customers by revenue in february 2024", february).empty());
  EXPECT_TRUE(ask("orders by region", query({"orders"}, {"order__region"})).empty());
}

TEST_F(Watched, TheSameWordsAgainAreARepetition) {
  ask("revenue by month", query({"revenue"}, {"metric_time__month"}));
  EXPECT_TRUE(ask("Revenue, by month?", query({"revenue"}, {"metric_time__month"})).empty());
}

TEST_F(Watched, WhatWasJudgedIsNotJudgedAgain) {
  ask("revenue by month", query({"revenue"}));
  detector_.feedback_given("s1", "resp-1");
  EXPECT_TRUE(ask("monthly revenue", query({"revenue"})).empty());
  // resp-2 is open, resp-1 is not: the third wording rejects resp-2, and only once.
  EXPECT_EQ(ask("revenue per month", query({"revenue"})).at(0).response_id, "resp-2");
}

TEST_F(Watched, OnlyWithinTheWindowAndTheSession) {
  ask("revenue by month", query({"revenue"}));
  session_ = "s2";
  EXPECT_TRUE(ask("monthly revenue", query({"revenue"})).empty());
  session_ = "s1";
  now_ += config_.window;
  EXPECT_TRUE(ask("monthly revenue", query({"revenue"})).empty());
}

TEST_F(Watched, AFollowUpThatOnlyAddsAcceptsWhatItBuildsUpon) {
  ask("revenue", query({"revenue"}));
  const auto found =
      ask("by region", query({"revenue"}, {"order__region"}), AnswerStatus::complete, true);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].type, FeedbackType::implicit_accept);
  EXPECT_EQ(found[0].response_id, "resp-1");
  // One that replaces says nothing.
  EXPECT_TRUE(ask("by country instead", query({"revenue"}, {"order__country"}),
                  AnswerStatus::complete, true)
                  .empty());
}

TEST_F(Watched, ThreeFailuresInARowEscalateOnce) {
  EXPECT_TRUE(fail("foo", AnswerStatus::unanswerable).empty());
  EXPECT_TRUE(fail("bar", AnswerStatus::clarification).empty());
  const auto found = fail("baz", AnswerStatus::failed);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].type, FeedbackType::escalation);
  EXPECT_EQ(found[0].response_id, "resp-3");
  EXPECT_EQ(found[0].reason, "repeated_failure");
  EXPECT_EQ(found[0].evidence.size(), 3U);
  EXPECT_TRUE(fail("qux", AnswerStatus::failed).empty()) << "the run starts anew";
}

TEST_F(Watched, AnAnswerEndsTheRunAndACancelledTurnIsNoFailure) {
  fail("foo", AnswerStatus::failed);
  fail("bar", AnswerStatus::failed);
  ask("revenue", query({"revenue"}));
  EXPECT_TRUE(fail("baz", AnswerStatus::failed).empty());
  EXPECT_TRUE(fail("baz", AnswerStatus::cancelled).empty());
  EXPECT_TRUE(fail("baz", AnswerStatus::failed).empty());
}

TEST_F(Watched, FrustrationEscalatesTheAnswerBeforeIt) {
  ask("revenue", query({"revenue"}));
  const auto found = fail("No! That's WRONG.", AnswerStatus::unanswerable);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].reason, "frustration");
  EXPECT_EQ(found[0].response_id, "resp-1");
}

TEST_F(Watched, SaysNothingWhenSwitchedOff) {
  config_.enabled = false;
  ImplicitDetector off(config_);
  TurnSeen turn{"s1", "r1", "revenue", AnswerStatus::complete, query({"revenue"}), false};
  EXPECT_TRUE(off.turn_finished(turn, now_).empty());
  turn.response_id = "r2";
  turn.question = "the revenue figure";
  EXPECT_TRUE(off.turn_finished(turn, now_).empty());
  EXPECT_EQ(off.sessions(), 0U);
}

TEST_F(Watched, RemembersNoMoreSessionsThanTold) {
  config_.sessions_max = 3;
  ImplicitDetector small(config_);
  for (int i = 0; i < 10; ++i) {
    TurnSeen turn{"s" + std::to_string(i), "r", "revenue", AnswerStatus::complete, {}, false};
    EXPECT_TRUE(small.turn_finished(turn, now_).empty());
  }
  EXPECT_EQ(small.sessions(), 3U);
}

}  // namespace
}  // namespace loquat::feedback
