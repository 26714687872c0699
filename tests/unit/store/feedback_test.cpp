#include <sqlite3.h>

#include <algorithm>

#include "../../../src/store/schema.hpp"
#include "fixture.hpp"
#include "loquat/wire/codec.hpp"

namespace loquat::store {
namespace {

wire::FeedbackEvent event(const std::string& id, wire::FeedbackType type) {
  wire::FeedbackEvent made;
  made.event_id = id;
  made.event_type = "feedback.submitted";
  made.tenant_id = "t1";
  made.user_id = "ann";
  made.session_id = "s1";
  made.response_id = "r1";
  made.feedback_type = type;
  made.timestamp = WallTime{std::chrono::hours(24 * 365 * 55)};
  return made;
}
wire::LearningSignal signal(const std::string& id, const std::string& source) {
  wire::LearningSignal made;
  made.event_id = id;
  made.event_type = "learning.signal";
  made.tenant_id = "t1";
  made.response_id = "r1";
  made.source_event_ids = {source};
  return made;
}

class Feedback : public StoreFixture {};

TEST_F(Feedback, HasOneEffectHoweverOftenItComes) {
  open();
  const auto vote = event("fb-1", wire::FeedbackType::thumbs_up);
  EXPECT_TRUE(*wait(store_->feedback().put({vote, {"t", 0, 1}}, {signal("ls-1", "fb-1")})));
  EXPECT_FALSE(*wait(store_->feedback().put({vote, {"t", 0, 9}}, {signal("ls-1", "fb-1")})));
  open();
  EXPECT_FALSE(*wait(store_->feedback().put({vote, {"t", 0, 1}}, {})));
  const auto counts = wait(store_->feedback().count({"t1", {}, {}, {}}));
  EXPECT_EQ(counts->by_type.at("thumbs_up"), 1);
  EXPECT_EQ(wait(store_->feedback().signals({"t1", {}, {}, {}}, "", 10))->size(), 1U);
}

TEST_F(Feedback, OfAnOlderFileKeepsItsPlace) {
  const auto vote = event("fb-1", wire::FeedbackType::thumbs_up);
  const std::string json = wire::encode(vote);
  sqlite3* old = nullptr;
  ASSERT_EQ(sqlite3_open(config_.path.c_str(), &old), SQLITE_OK);
  constexpr std::size_t kByKey = 6;  // the last layout that kept rows in the order of their keys
  for (std::size_t step = 0; step < kByKey; ++step)
    ASSERT_EQ(sqlite3_exec(old, migrations()[step], nullptr, nullptr, nullptr), SQLITE_OK);
  const std::string rows =
      "INSERT INTO feedback VALUES ('t1', 'fb-1', 'ann', 's1', 'r1', 'thumbs_up', NULL, NULL, 0, "
      "1, 't', 0, 1, '" +
      json +
      "');"
      "INSERT INTO signals VALUES ('t1', 'ls-1', 'fb-1', 's1', 'r1', 1, 0, '" +
      wire::encode(signal("ls-1", "fb-1")) +
      "');"
      "INSERT INTO messages VALUES ('s1', 'm1', 't1', 'ann', 'How much?', 'c1', 'r1', 7, '{}', "
      "'{}', 'select 1'); PRAGMA user_version = 6";
  ASSERT_EQ(sqlite3_exec(old, rows.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(old);
  open();
  EXPECT_FALSE(*wait(store_->feedback().put({vote, {"t", 0, 9}}, {})));
  const auto found = wait(store_->feedback().find("t1", "fb-1"));
  ASSERT_TRUE(found && *found);
  EXPECT_EQ(wire::encode(**found), json);
  EXPECT_EQ(wait(store_->feedback().signals({"t1", {}, {}, {}}, "", 10))->size(), 1U);
  const auto message = wait(store_->sessions().find_response("r1"));
  ASSERT_TRUE(message && *message);
  EXPECT_EQ((*message)->content, "How much?");
  EXPECT_EQ((*message)->client_id, "c1");
  EXPECT_EQ((*message)->created_at, WallTime{std::chrono::milliseconds(7)});
  EXPECT_EQ((*message)->sql, "select 1");
}

TEST_F(Feedback, ThatWasTakenBackNoLongerCountsWhicheverComesFirst) {
  auto second = event("fb-2", wire::FeedbackType::thumbs_down);
  second.supersedes = "fb-1";
  const auto first = event("fb-1", wire::FeedbackType::thumbs_up);
  for (const bool is_in_order : {true, false}) {
    config_.path = (folder_ / (is_in_order ? "a.db" : "b.db")).string();
    open();
    const auto& one = is_in_order ? first : second;
    const auto& two = is_in_order ? second : first;
    ASSERT_TRUE(
        *wait(store_->feedback().put({one, {}}, {signal("ls-" + one.event_id, one.event_id)})));
    ASSERT_TRUE(
        *wait(store_->feedback().put({two, {}}, {signal("ls-" + two.event_id, two.event_id)})));
    const auto counts = wait(store_->feedback().count({"t1", {}, {}, {}}));
    EXPECT_FALSE(counts->by_type.contains("thumbs_up")) << is_in_order;
    EXPECT_EQ(counts->by_type.at("thumbs_down"), 1) << is_in_order;
    const auto signals = wait(store_->feedback().signals({"t1", {}, {}, {}}, "", 10));
    ASSERT_EQ(signals->size(), 1U) << is_in_order;
    EXPECT_EQ(signals->front().source_event_ids.front(), "fb-2");
  }
}

TEST_F(Feedback, OfTwoVotesOfOneAuthorOnAResponseTheLastCountsInWhateverOrderTheyCome) {
  auto first = event("fb-1", wire::FeedbackType::thumbs_up);
  auto second = event("fb-2", wire::FeedbackType::thumbs_up);
  auto third = event("fb-3", wire::FeedbackType::thumbs_down);
  second.timestamp += std::chrono::seconds(1);
  third.timestamp += std::chrono::seconds(2);
  std::vector<wire::FeedbackEvent> events{first, second, third};
  const auto by_id = [](const auto& a, const auto& b) { return a.event_id < b.event_id; };
  int round = 0;
  do {
    config_.path = (folder_ / (std::to_string(round++) + ".db")).string();
    open();
    for (const auto& e : events)
      ASSERT_TRUE(*wait(store_->feedback().put({e, {}}, {signal("ls-" + e.event_id, e.event_id)})));
    const auto counts = wait(store_->feedback().count({"t1", {}, {}, {}}));
    EXPECT_EQ(counts->by_type, (std::map<std::string, std::int64_t>{{"thumbs_down", 1}})) << round;
    const auto signals = wait(store_->feedback().signals({"t1", {}, {}, {}}, "", 10));
    ASSERT_EQ(signals->size(), 1U) << round;
    EXPECT_EQ(signals->front().event_id, "ls-fb-3");
  } while (std::next_permutation(events.begin(), events.end(), by_id));
}

TEST_F(Feedback, OfOthersOfOtherResponsesAndOfOtherKindsStandsBesideAVote) {
  open();
  const auto vote = event("fb-1", wire::FeedbackType::thumbs_up);
  auto rating = event("fb-2", wire::FeedbackType::rating);
  rating.data.rating = 4;
  auto again = rating;
  again.event_id = "fb-3";
  again.data.rating = 2;
  again.timestamp += std::chrono::seconds(1);
  auto others = event("fb-4", wire::FeedbackType::thumbs_up);
  others.user_id = "bob";
  auto elsewhere = event("fb-5", wire::FeedbackType::thumbs_up);
  elsewhere.response_id = "r-other";
  for (const auto& e : {vote, rating, again, others, elsewhere})
    ASSERT_TRUE(*wait(store_->feedback().put({e, {}}, {})));
  const auto counts = wait(store_->feedback().count({"t1", {}, {}, {}}));
  EXPECT_EQ(counts->by_type,
            (std::map<std::string, std::int64_t>{{"rating", 1}, {"thumbs_up", 3}}));
}

TEST_F(Feedback, ChangedTwiceFromTheSamePlaceCountsTheLastOneOnlyInWhateverOrder) {
  auto first = event("fb-1", wire::FeedbackType::thumbs_up);
  auto second = event("fb-2", wire::FeedbackType::thumbs_down);
  auto third = event("fb-3", wire::FeedbackType::thumbs_up);
  second.supersedes = third.supersedes = "fb-1";
  second.timestamp += std::chrono::seconds(1);
  third.timestamp += std::chrono::seconds(2);
  std::vector<wire::FeedbackEvent> events{first, second, third};
  const auto by_id = [](const auto& a, const auto& b) { return a.event_id < b.event_id; };
  int round = 0;
  do {
    config_.path = (folder_ / (std::to_string(round++) + ".db")).string();
    open();
    for (const auto& e : events)
      ASSERT_TRUE(*wait(store_->feedback().put({e, {}}, {signal("ls-" + e.event_id, e.event_id)})));
    const auto counts = wait(store_->feedback().count({"t1", {}, {}, {}}));
    EXPECT_EQ(counts->by_type.at("thumbs_up"), 1) << round;
    EXPECT_FALSE(counts->by_type.contains("thumbs_down")) << round;
    EXPECT_EQ(*wait(store_->feedback().latest("t1", "fb-1")), "fb-3");
    const auto said = wait(store_->feedback().said_by({"t1", {}, {}, {}}, "ann", 10));
    ASSERT_EQ(said->size(), 1U);
    EXPECT_EQ(said->front().event_id, "fb-3");
    const auto signals = wait(store_->feedback().signals({"t1", {}, {}, {}}, "", 10));
    ASSERT_EQ(signals->size(), 1U) << round;
    EXPECT_EQ(signals->front().event_id, "ls-fb-3");
  } while (std::next_permutation(events.begin(), events.end(), by_id));
  EXPECT_EQ(round, 6);
}

TEST_F(Feedback, IsSeenByItsAuthorOnly) {
  open();
  ASSERT_TRUE(
      *wait(store_->feedback().put({event("fb-1", wire::FeedbackType::thumbs_up), {}}, {})));
  EXPECT_EQ(wait(store_->feedback().said_by({"t1", {}, {}, {}}, "ann", 10))->size(), 1U);
  EXPECT_TRUE(wait(store_->feedback().said_by({"t1", {}, {}, {}}, "bob", 10))->empty());
  EXPECT_TRUE(wait(store_->feedback().said_by({"t2", {}, {}, {}}, "ann", 10))->empty());
}

TEST_F(Feedback, SignalsArePagedInOrderOfTimeWithoutHolesOrCopies) {
  open();
  for (int i = 0; i < 7; ++i) {
    const std::string id = std::to_string(i);
    auto vote = event("fb-" + id, wire::FeedbackType::thumbs_up);
    vote.response_id = "r-" + id;
    auto made = signal("ls-" + std::to_string(9 - i), vote.event_id);
    made.timestamp = vote.timestamp + std::chrono::seconds(i / 2);  // pairs share a time
    ASSERT_TRUE(*wait(store_->feedback().put({vote, {}}, {made})));
  }
  std::vector<std::string> seen;
  std::string after;
  for (;;) {
    const auto page = wait(store_->feedback().signals({"t1", {}, {}, {}}, after, 3));
    if (page->empty()) break;
    for (const auto& found : *page) seen.push_back(found.event_id);
    after = page->back().event_id;
  }
  const std::vector<std::string> expected{"ls-8", "ls-9", "ls-6", "ls-7", "ls-4", "ls-5", "ls-3"};
  EXPECT_EQ(seen, expected);
}

contracts::AnswerFacts facts(const std::string& response, const std::string& status, int day) {
  contracts::AnswerFacts made;
  made.tenant_id = "t1";
  made.response_id = response;
  made.kind = "trend";
  made.status = status;
  made.confidence = 0.5;
  made.metrics = {"revenue", "orders"};
  made.agents = {"router"};
  made.at = WallTime{std::chrono::hours(24 * (365 * 55 + day))};
  return made;
}

TEST_F(Feedback, QualityCountsAnswersAndWhatIsSaidOfThemByEachFacet) {
  using Facet = contracts::FeedbackStore::Facet;
  open();
  ASSERT_TRUE(wait(store_->feedback().put_answer(facts("r1", "complete", 0))));
  ASSERT_TRUE(wait(store_->feedback().put_answer(facts("r1", "complete", 0))));
  ASSERT_TRUE(wait(store_->feedback().put_answer(facts("r2", "failed", 1))));
  auto other = facts("r1", "complete", 0);
  other.tenant_id = "t2";
  ASSERT_TRUE(wait(store_->feedback().put_answer(other)));
  ASSERT_TRUE(
      *wait(store_->feedback().put({event("fb-1", wire::FeedbackType::thumbs_up), {}}, {})));
  auto changed = event("fb-2", wire::FeedbackType::thumbs_down);
  changed.supersedes = "fb-1";
  ASSERT_TRUE(*wait(store_->feedback().put({changed, {}}, {})));
  const auto by_metric = wait(store_->feedback().quality({"t1", {}, {}, {}}, Facet::metric, 10));
  ASSERT_EQ(by_metric->size(), 2U);
  for (const auto& row : *by_metric) {
    EXPECT_EQ(row.answers, 2);
    EXPECT_EQ(row.complete, 1);
    EXPECT_DOUBLE_EQ(row.confidence_sum, 1.0);
    EXPECT_EQ(row.by_type, (std::map<std::string, std::int64_t>{{"thumbs_down", 1}}));
  }
  const auto by_kind = wait(store_->feedback().quality({"t1", {}, {}, {}}, Facet::kind, 10));
  ASSERT_EQ(by_kind->size(), 1U);
  EXPECT_EQ(by_kind->front().value, "trend");
  const auto by_day = wait(store_->feedback().quality({"t1", {}, {}, {}}, Facet::day, 10));
  ASSERT_EQ(by_day->size(), 2U);
  EXPECT_LT(by_day->at(0).value, by_day->at(1).value);
  EXPECT_EQ(by_day->at(0).by_type.at("thumbs_down"), 1);
  EXPECT_TRUE(by_day->at(1).by_type.empty());
  const auto since = facts("", "", 1).at;
  EXPECT_EQ(
      wait(store_->feedback().quality({"t1", {}, {}, since}, Facet::agent, 10))->at(0).answers, 1);
}

TEST_F(Feedback, OfOthersCannotBeTakenBack) {
  open();
  ASSERT_TRUE(
      *wait(store_->feedback().put({event("fb-1", wire::FeedbackType::thumbs_up), {}}, {})));
  auto second = event("fb-2", wire::FeedbackType::thumbs_down);
  second.user_id = "bob";
  second.supersedes = "fb-1";
  ASSERT_TRUE(*wait(store_->feedback().put({second, {}}, {})));
  EXPECT_EQ(wait(store_->feedback().count({"t1", {}, {}, {}}))->by_type.at("thumbs_up"), 1);
}

TEST_F(Feedback, IsCountedByTypeRatingAndDayWithinTheFilter) {
  open();
  auto rating = event("fb-1", wire::FeedbackType::rating);
  rating.data.rating = 4;
  ASSERT_TRUE(*wait(store_->feedback().put({rating, {}}, {})));
  auto other = event("fb-2", wire::FeedbackType::rating);
  other.data.rating = 1;
  other.tenant_id = "t2";
  ASSERT_TRUE(*wait(store_->feedback().put({other, {}}, {})));
  const auto counts = wait(store_->feedback().count({"t1", {}, {}, {}}));
  EXPECT_EQ(counts->rating_count, 1);
  EXPECT_DOUBLE_EQ(counts->rating_sum, 4);
  EXPECT_EQ(counts->by_day.size(), 1U);
  const auto later = rating.timestamp + std::chrono::hours(1);
  EXPECT_TRUE(wait(store_->feedback().count({"t1", {}, {}, later}))->by_type.empty());
  EXPECT_FALSE(wait(store_->feedback().find("t2", "fb-1"))->has_value());
  EXPECT_EQ((*wait(store_->feedback().find("t1", "fb-1")))->data.rating, 4);
}

}  // namespace
}  // namespace loquat::store
