#include "fixture.hpp"

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
