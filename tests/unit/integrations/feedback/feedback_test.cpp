#include <gtest/gtest.h>

#include "collect.hpp"
#include "export.hpp"
#include "implicit_watch.hpp"
#include "loquat/wire/codec.hpp"
#include "personal.hpp"
#include "quality.hpp"
#include "recent.hpp"
#include "redact.hpp"
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

TEST(Collect, ACorrectionByTheVotesDoorNeedsExactlyOneKindToo) {
  SubmitBody body;
  body.session_id = "s1";
  body.response_id = "resp-1";
  body.feedback_type = wire::FeedbackType::correction;
  EXPECT_FALSE(from_submit(subject(), body, {}));
  body.corrected_sql = "SELECT 8";
  const auto event = from_submit(subject(), body, {});
  ASSERT_TRUE(event);
  EXPECT_EQ(event->data.corrected_sql, "SELECT 8");
  body.data = wire::RawJson{R"({"corrected_text":"Eight."})"};
  EXPECT_FALSE(from_submit(subject(), body, {}));
}

TEST(Collect, ACorrectedQueryIsHeldByTheSchemaOfQueries) {
  CorrectionBody body;
  body.corrected_query = wire::RawJson{R"({"metrics":"beds"})"};
  const auto wrong = from_correction(subject(), body, response());
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().fields.at(0).pointer, "/corrected_query/metrics");
  body.corrected_query = wire::RawJson{R"({"group_by":["ward"]})"};
  ASSERT_FALSE(from_correction(subject(), body, response()));
  body.corrected_query = wire::RawJson{R"({"metrics":["beds"]})"};
  EXPECT_TRUE(from_correction(subject(), body, response()));
}

TEST(Collect, AChangedVoteLeavesBehindWhatBelongedToItsOldKind) {
  wire::FeedbackEvent old = begin_event(subject(), wire::FeedbackType::thumbs_down);
  old.event_id = "fb-1";
  old.data.comment = "no";
  old.data.reasons = {{"too_slow"}};
  old.data.question = "beds?";
  ChangeBody body;
  body.feedback_type = wire::FeedbackType::thumbs_up;
  const auto up = from_change(old, body);
  ASSERT_TRUE(up);
  EXPECT_EQ(up->supersedes, "fb-1");
  EXPECT_FALSE(up->data.comment || up->data.reasons);
  EXPECT_EQ(up->data.question, "beds?");
  body.feedback_type = wire::FeedbackType::thumbs_down;
  body.reasons = {{"wrong_metric"}};
  const auto down = from_change(old, body);
  ASSERT_TRUE(down);
  EXPECT_EQ(down->data.comment, "no");
  EXPECT_EQ(down->data.reasons->at(0), "wrong_metric");
  body.feedback_type = wire::FeedbackType::correction;
  EXPECT_FALSE(from_change(old, body));
}

wire::FeedbackEvent kept(std::string id, std::optional<std::string> supersedes = {},
                         std::string user = "u1") {
  wire::FeedbackEvent event = begin_event(subject(), wire::FeedbackType::thumbs_up);
  event.event_id = std::move(id);
  event.user_id = std::move(user);
  event.supersedes = std::move(supersedes);
  return event;
}

TEST(Recent, FollowsAChainOfChangesByTheSameAuthor) {
  RecentEvents recent;
  recent.put(kept("a"));
  recent.put(kept("b", "a"));
  recent.put(kept("c", "b"));
  recent.put(kept("x", "a", "u2"));
  EXPECT_EQ(recent.latest(kept("a")), "c");
  const auto said = recent.said_by("t1", "u1", "s1", std::nullopt);
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0].event_id, "c");
  EXPECT_EQ(recent.find("t2", "a"), nullptr);
}

TEST(Recent, ForgetsTheOldestPastItsBounds) {
  RecentEvents recent;
  for (std::size_t i = 0; i <= RecentEvents::kEventsMax; ++i) recent.put(kept(std::to_string(i)));
  EXPECT_EQ(recent.find("t1", "0"), nullptr);
  EXPECT_NE(recent.find("t1", "1"), nullptr);
  auto large = kept("large");
  large.data.comment = std::string(RecentEvents::kBytesMax, 'x');
  recent.put(large);
  EXPECT_EQ(recent.find("t1", "1"), nullptr);
  EXPECT_NE(recent.find("t1", "large"), nullptr);
}

TEST(Implicit, TheSameConclusionIsTheSameEvent) {
  contracts::TurnFinished turn;
  turn.principal = principal();
  turn.session_id = "s1";
  const Detected detected{
      wire::FeedbackType::implicit_reject, "r1", "beds?", "reasked_same_query", {"r2"}};
  const auto event = implicit_event(detected, turn, WallTime{});
  EXPECT_EQ(event.event_id, implicit_event(detected, turn, WallTime{}).event_id);
  EXPECT_EQ(event.feedback_source, wire::FeedbackSource::implicit);
  EXPECT_TRUE(event.verified);
  EXPECT_EQ(event.data.extra->text, R"({"detected":"reasked_same_query","evidence":["r2"]})");
  auto other = detected;
  other.type = wire::FeedbackType::implicit_accept;
  EXPECT_NE(event.event_id, implicit_event(other, turn, WallTime{}).event_id);
}

TEST(Quality, NamesTheKindOfAQuestionByItsQuery) {
  contracts::TurnFinished turn;
  auto answer = std::make_shared<wire::Answer>();
  answer->intent = "model_question";
  turn.answer = answer;
  EXPECT_EQ(facts_of(turn).kind, "model_question");
  turn.query.emplace();
  turn.query->metrics = {"beds"};
  EXPECT_EQ(facts_of(turn).kind, "total");
  turn.query->group_by = {"ward"};
  EXPECT_EQ(facts_of(turn).kind, "breakdown");
  turn.query->group_by.push_back("metric_time__month");
  EXPECT_EQ(facts_of(turn).kind, "trend");
  turn.query->limit = 5;
  turn.query->order_by = {"-beds"};
  EXPECT_EQ(facts_of(turn).kind, "ranking");
}

TEST(Quality, RatesAcceptingAgainstRejecting) {
  contracts::QualityRow row;
  row.answers = 4;
  row.confidence_sum = 3;
  row.by_type = {{"thumbs_up", 2}, {"implicit_accept", 1}, {"correction", 1}, {"rating", 2}};
  row.rating_sum = 7;
  row.rating_count = 2;
  const auto line = line_of(row);
  EXPECT_DOUBLE_EQ(*line.acceptance_rate, 0.75);
  EXPECT_DOUBLE_EQ(*line.mean_rating, 3.5);
  EXPECT_DOUBLE_EQ(line.mean_confidence, 0.75);
  EXPECT_EQ(line.feedback, 6);
  EXPECT_FALSE(line_of({}).acceptance_rate);
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

TEST(Signals, OfACorrectionSayItsQuestionAsItWasKept) {
  CorrectionBody body;
  body.corrected_sql = "SELECT 8 WHERE full_name = 'Alice Smith'";
  auto known = response();
  known.content = "how many beds has Alice Smith?";
  auto event = *from_correction(subject(), body, known);
  event.event_id = "fb-1";
  strip_personal(event, {"full_name"});
  const auto signals = signals_of(event, known);
  ASSERT_EQ(signals.size(), 3U);
  for (const auto& signal : signals)
    EXPECT_EQ(wire::encode(signal).find("Alice"), std::string::npos) << wire::encode(signal);
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

std::vector<wire::LearningSignal> corrected(const std::string& sql, const std::string& was) {
  CorrectionBody body;
  body.corrected_sql = sql;
  auto known = response();
  known.sql = was;
  auto event = *from_correction(subject(), body, known);
  event.event_id = "fb-1";
  return signals_of(event, known);
}

TEST(Export, GivesEachFormatItsRowsOnlyInTheTrainersForm) {
  const auto signals = corrected("SELECT 8", "SELECT 7");
  const auto sft = export_line(signals[0], ExportFormat::sft, {});
  ASSERT_TRUE(sft);
  EXPECT_NE(sft->find(R"({"role":"user","content":"how many beds?"},)"
                      R"({"role":"assistant","content":"SELECT 8"}])"),
            std::string::npos)
      << *sft;
  EXPECT_FALSE(export_line(signals[0], ExportFormat::dpo, {}));
  const auto dpo = export_line(signals[1], ExportFormat::dpo, {});
  ASSERT_TRUE(dpo);
  EXPECT_NE(dpo->find(R"("chosen":[{"role":"assistant","content":"SELECT 8"}],)"
                      R"("rejected":[{"role":"assistant","content":"SELECT 7"}])"),
            std::string::npos)
      << *dpo;
  EXPECT_FALSE(export_line(signals[1], ExportFormat::kto, {}));
  const auto kto = export_line(signals[2], ExportFormat::kto, {});
  ASSERT_TRUE(kto);
  EXPECT_NE(kto->find(R"("label":false)"), std::string::npos);
  for (const auto* row : {&*sft, &*dpo, &*kto})
    for (const char* key : {"signal_id", "response_id", "trace_id", "metric_ids", "weight"})
      EXPECT_NE(row->find('"' + std::string(key) + "\":"), std::string::npos) << key;
}

TEST(Export, ComparesLikeWithLike) {
  CorrectionBody body;
  body.corrected_text = "Beds: 8.";
  auto event = *from_correction(subject(), body, response());
  event.event_id = "fb-1";
  const auto dpo = export_line(signals_of(event, response()).at(1), ExportFormat::dpo, {});
  ASSERT_TRUE(dpo);
  EXPECT_NE(dpo->find(R"("chosen":[{"role":"assistant","content":"Beds: 8."}],)"
                      R"("rejected":[{"role":"assistant","content":"Beds: 7."}])"),
            std::string::npos)
      << *dpo;
}

TEST(Export, AStatementOverATaggedColumnLosesItsLiteralsAndTheQuestionToo) {
  auto signals = corrected("SELECT 1 FROM p WHERE name = 'Jo Smith' -- Jo\n",
                           "SELECT 2 FROM p WHERE name = 'Jo Smith'");
  signals[1].prompt.question = "beds of jo smith";
  const auto open = export_line(signals[1], ExportFormat::dpo, {"city"});
  ASSERT_TRUE(open);
  EXPECT_NE(open->find("Jo Smith"), std::string::npos);
  const auto row = export_line(signals[1], ExportFormat::dpo, {"name"});
  ASSERT_TRUE(row);
  for (const char* trace : {"Smith", "smith", "Jo", "jo s"})
    EXPECT_EQ(row->find(trace), std::string::npos) << *row;
  EXPECT_NE(row->find("beds of [redacted]"), std::string::npos) << *row;
}

TEST(Export, AnAnswersWordsAboutATaggedColumnAreLeftOut) {
  CorrectionBody body;
  body.corrected_text = "Jo Smith: 8.";
  auto event = *from_correction(subject(), body, response());
  event.event_id = "fb-1";
  auto signals = signals_of(event, response());
  signals[0].metric_query = wire::RawJson{R"({"metrics":["beds"],"group_by":["patient__name"]})"};
  EXPECT_TRUE(export_line(signals[0], ExportFormat::sft, {"city"}));
  EXPECT_FALSE(export_line(signals[0], ExportFormat::sft, {"name"}));
}

TEST(Redact, ReplacesWhatNamesAPersonAndLeavesTheRest) {
  const std::vector<std::pair<std::string, std::string>> table{
      {"ask jo.smith+x@mail.example.co.uk.", "ask [email]."},
      {"call +49 30 1234567 now", "call [phone] now"},
      {"(030) 123-456-789", "[phone]"},
      {"ssn 123-45-6789", "ssn [phone]"},
      {"card 4111111111111111", "card [number]"},
      {"id 550e8400-e29b-41d4-a716-446655440000", "id [id]"},
      {"from 2024-01-01 to 2024-12-31", "from 2024-01-01 to 2024-12-31"},
      {"t >= '2024-01-01 00:00:00'", "t >= '2024-01-01 00:00:00'"},
      {"1234567.8901234 and 12,345,678,901", "1234567.8901234 and 12,345,678,901"},
      {"top 10 of 2024", "top 10 of 2024"},
      {"a@b", "a@b"},
  };
  for (const auto& [text, expected] : table) EXPECT_EQ(redact_text(text), expected);
  const std::string open(60'000, '(');
  EXPECT_EQ(redact_text(open), open) << "and in time: not one look at all of them for each";
}

TEST(Redact, ReadsLiteralsAsSqlDoes) {
  const std::string sql = "SELECT 'it''s' /* 'no' */ FROM t WHERE a = '' -- 'nor'\nAND b = 'x y'";
  EXPECT_EQ(string_literals(sql), (std::vector<std::string>{"it''s", "x y"}));
  EXPECT_EQ(without_literals("a = 'b' -- c", 100), "a = '[redacted]' ");
  EXPECT_TRUE(names_any("customer__email = 1", {"email"}));
  EXPECT_TRUE(names_any("top 5 emails", {"email"}));
  EXPECT_TRUE(names_any("by Full Names", {"full_name"}));
  EXPECT_FALSE(names_any("emailed", {"email"}));
}

}  // namespace
}  // namespace loquat::feedback
