#include <gtest/gtest.h>

#include "collect.hpp"
#include "export.hpp"
#include "loquat/wire/codec.hpp"
#include "signals.hpp"

namespace loquat::feedback {
namespace {

contracts::SessionStore::MessageRecord response() {
  wire::Answer answer;
  answer.message_id = "msg-1";
  answer.response_id = "resp-1";
  answer.response = "Beds: 7.";
  answer.sql = "SELECT 7";
  contracts::SessionStore::MessageRecord record;
  record.tenant_id = "t1";
  record.user_id = "u1";
  record.session_id = "s1";
  record.message_id = "msg-1";
  record.content = "how many beds?";
  record.response_id = "resp-1";
  record.sql = "SELECT 7";
  record.answer_json = wire::encode(answer);
  return record;
}
contracts::Principal principal(std::string tenant = "t1", std::string user = "u1") {
  return {std::move(tenant), std::move(user), {"analyst"}, "jwt", "127.0.0.1", {}};
}
Subject subject(bool verified = true) { return {principal(), {}, "s1", "resp-1", verified}; }

TEST(Standing, TellsOwnUnknownAndAnothersApart) {
  EXPECT_EQ(standing_of(response(), principal(), "s1"), Standing::own);
  EXPECT_EQ(standing_of(std::nullopt, principal(), "s1"), Standing::unknown);
  EXPECT_EQ(standing_of(response(), principal("t2"), "s1"), Standing::anothers);
  EXPECT_EQ(standing_of(response(), principal("t1", "u2"), "s1"), Standing::anothers);
  EXPECT_EQ(standing_of(response(), principal(), "s2"), Standing::anothers);
}

SubmitBody submit(const char* data) {
  SubmitBody body;
  body.session_id = "s1";
  body.response_id = "resp-1";
  body.data = wire::RawJson{data};
  return body;
}

TEST(Collect, CarriesUnknownKeysAndRefusesKnownOnesOfTheWrongKind) {
  const auto event = from_submit(subject(), submit(R"({"comment":"good","screen":{"w":3}})"), {});
  ASSERT_TRUE(event);
  EXPECT_EQ(event->data.comment, "good");
  EXPECT_EQ(event->data.extra->text, R"({"screen":{"w":3}})");
  const auto wrong = from_submit(subject(), submit(R"({"rating":7})"), {});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().fields.at(0).pointer, "/data/rating");
}

TEST(Collect, RefusesADepthBombAndTooManyUnknownBytes) {
  EXPECT_FALSE(from_submit(subject(), submit(R"({"a":[[[[[[[[[[1]]]]]]]]]]})"), {}));
  FeedbackConfig small;
  small.extra_max_bytes = 10;
  EXPECT_FALSE(from_submit(subject(), submit(R"({"screen":"0123456789"})"), small));
}

TEST(Collect, ARatingNeedsItsNumber) {
  SubmitBody body = submit("{}");
  body.feedback_type = wire::FeedbackType::rating;
  ASSERT_FALSE(from_submit(subject(), body, {}));
  body.rating = 4;
  EXPECT_TRUE(from_submit(subject(), body, {}));
}

TEST(Collect, ACorrectionNeedsExactlyOneKindAndGetsItsDiff) {
  CorrectionBody body;
  body.session_id = "s1";
  body.response_id = "resp-1";
  EXPECT_FALSE(from_correction(subject(), body, response()));
  body.corrected_sql = "SELECT 8";
  const auto event = from_correction(subject(), body, response());
  ASSERT_TRUE(event);
  EXPECT_EQ(event->data.original_sql, "SELECT 7");
  EXPECT_EQ(event->data.diff, "-SELECT 7\n+SELECT 8\n");
  EXPECT_EQ(event->data.question, "how many beds?");
  body.corrected_text = "Beds: 8.";
  EXPECT_FALSE(from_correction(subject(), body, response()));
}

TEST(Collect, WhatTheClientSaysOfTheAnswerDoesNotCount) {
  CorrectionBody body;
  body.corrected_sql = "SELECT 8";
  body.original_sql = "SELECT 'invented'";
  EXPECT_EQ(from_correction(subject(), body, response())->data.original_sql, "SELECT 7");
  EXPECT_EQ(from_correction(subject(false), body, std::nullopt)->data.original_sql,
            "SELECT 'invented'");
}

TEST(Diff, KeepsCommonLines) { EXPECT_EQ(line_diff("a\nb\nc", "a\nx\nc"), " a\n-b\n+x\n c\n"); }

wire::FeedbackEvent event_of(wire::FeedbackType type) {
  wire::FeedbackEvent event = begin_event(subject(), type);
  event.event_id = "fb-1";
  return event;
}

TEST(Signals, AnUnverifiedEventNeverTeaches) {
  auto event = event_of(wire::FeedbackType::thumbs_up);
  event.verified = false;
  EXPECT_TRUE(signals_of(event, response()).empty());
  event.verified = true;
  EXPECT_TRUE(signals_of(event, std::nullopt).empty());
}

TEST(Signals, ACorrectionDemonstratesPrefersAndPunishes) {
  CorrectionBody body;
  body.corrected_sql = "SELECT 8";
  auto event = *from_correction(subject(), body, response());
  event.event_id = "fb-1";
  const auto signals = signals_of(event, response());
  ASSERT_EQ(signals.size(), 3U);
  EXPECT_EQ(signals[0].signal_type, wire::SignalType::demonstration);
  EXPECT_EQ(signals[1].signal_type, wire::SignalType::preference);
  EXPECT_NE(signals[1].rejected->text.find("SELECT 7"), std::string::npos);
  EXPECT_EQ(signals[2].reward, -1);
}

TEST(Signals, TheSameEventGivesTheSameIds) {
  const auto a = signals_of(event_of(wire::FeedbackType::thumbs_up), response());
  const auto b = signals_of(event_of(wire::FeedbackType::thumbs_up), response());
  ASSERT_EQ(a.size(), 1U);
  EXPECT_EQ(a[0].event_id, b[0].event_id);
  auto other = event_of(wire::FeedbackType::thumbs_up);
  other.event_id = "fb-2";
  EXPECT_NE(signals_of(other, response())[0].event_id, a[0].event_id);
}

TEST(Signals, RatingsBecomeRewardsBetweenMinusOneAndOne) {
  for (int rating = 1; rating <= 5; ++rating) {
    auto event = event_of(wire::FeedbackType::rating);
    event.data.rating = rating;
    EXPECT_DOUBLE_EQ(signals_of(event, response()).at(0).reward, (rating - 3) / 2.0);
  }
}

TEST(Export, GivesEachFormatItsRowsOnly) {
  CorrectionBody body;
  body.corrected_sql = "SELECT 8";
  auto event = *from_correction(subject(), body, response());
  event.event_id = "fb-1";
  const auto signals = signals_of(event, response());
  EXPECT_TRUE(export_line(signals[0], ExportFormat::sft));
  EXPECT_FALSE(export_line(signals[0], ExportFormat::dpo));
  const auto dpo = export_line(signals[1], ExportFormat::dpo);
  ASSERT_TRUE(dpo);
  EXPECT_NE(dpo->find(R"("chosen":"SELECT 8","rejected":"SELECT 7")"), std::string::npos) << *dpo;
  const auto kto = export_line(signals[2], ExportFormat::kto);
  ASSERT_TRUE(kto);
  EXPECT_NE(kto->find(R"("label":false)"), std::string::npos);
}

}  // namespace
}  // namespace loquat::feedback
