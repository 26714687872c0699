#include "integrations/feedback/personal.hpp"

#include <gtest/gtest.h>
#include "integrations/feedback/collect.hpp"

#include "loquat/wire/codec.hpp"

namespace loquat::feedback {
namespace {

const TaggedNames kTagged{"customer__email", "email", "customer__full_name", "full_name"};
constexpr const char* kValue = "ada.planted@example.org";

wire::FeedbackEvent correction() {
  wire::FeedbackEvent event;
  auto& data = event.data;
  data.question = "revenue of ada.planted@example.org by plan";
  data.original_sql = "SELECT c.email, 1 FROM c WHERE c.email = 'ada.planted@example.org'";
  data.corrected_sql = "SELECT c.email, 2 FROM c WHERE c.email = 'ada.planted@example.org'";
  data.original_text = "Highest: ada.planted@example.org";
  data.original_query = wire::RawJson{
      R"({"metrics":["revenue"],"group_by":["customer__email"],"where":["{{ Dimension('customer__email') }} = 'ada.planted@example.org'","{{ Dimension('customer__plan') }} = 'box'"]})"};
  data.comment = "that is Ada.Planted@example.org";
  data.diff = line_diff(*data.original_sql, *data.corrected_sql);
  return event;
}

TEST(StripPersonal, LeavesNoValueOfATaggedColumnInAnEvent) {
  auto event = correction();
  strip_personal(event, kTagged);
  const auto text = wire::encode(event);
  EXPECT_EQ(text.find("planted"), std::string::npos) << text;
  EXPECT_EQ(text.find("Planted"), std::string::npos) << text;
  EXPECT_NE(text.find("customer__email"), std::string::npos) << "what was asked stays";
  EXPECT_NE(text.find("'box'"), std::string::npos) << "filters on other columns stay";
  EXPECT_NE(event.data.diff->find("-SELECT c.email, 1"), std::string::npos);
}
TEST(StripPersonal, TakesTimeAboutTheLengthOfTheTextWhateverTheLiteralsAre) {
  wire::FeedbackEvent event;
  std::string sql = "SELECT email";
  for (int i = 0; i < 60; ++i) sql += " 'ed' 'dac' 'reda' 'cted'";
  event.data.original_sql = sql;
  event.data.comment = "it was edited, and is outdated";
  strip_personal(event, kTagged);
  EXPECT_EQ(*event.data.comment, "it was [redacted]it[redacted], and is outdat[redacted]");
}
TEST(StripPersonal, LeavesAnEventThatItsOwnSchemaTakes) {
  wire::FeedbackEvent event;
  event.event_type = wire::FeedbackEvent::kType;
  event.response_id = "r";
  std::string comment, sql = "SELECT email WHERE email IN (";
  while (comment.size() + 7 <= 4'000) comment += "a@b.co ";
  while (sql.size() + 6 < 65'536) sql += "'ab', ";
  event.data.comment = comment;
  event.data.corrected_sql = sql;
  strip_personal(event, kTagged);
  const auto again = wire::decode<wire::FeedbackEvent>(wire::encode(event));
  for (const auto& issue : again ? std::vector<FieldIssue>() : again.error().fields)
    EXPECT_FALSE(issue.pointer.starts_with("/data")) << issue.pointer << issue.message;
  EXPECT_EQ(event.data.corrected_sql->find("ab"), std::string::npos);
}
TEST(StripPersonal, LeavesNoneInASignal) {
  wire::LearningSignal signal;
  signal.prompt.question = "revenue of ada.planted@example.org";
  signal.prompt.context.text = R"({"interpretation":"Revenue of ada.planted@example.org"})";
  signal.chosen = wire::RawJson{
      R"({"sql":"SELECT email FROM c WHERE email = 'ada.planted@example.org'","text":"It is ada.planted@example.org."})"};
  signal.rejected = wire::RawJson{R"({"text":"ada.planted@example.org"})"};
  strip_personal(signal, kTagged);
  EXPECT_EQ(wire::encode(signal).find(kValue), std::string::npos) << wire::encode(signal);
}
TEST(StripPersonal, KeepsOfAQuestionThatNamesSuchAColumnOnlyWordsThatAreNobodys) {
  const auto left_of = [](const char* question, const char* query) {
    wire::FeedbackEvent event;
    event.data.question = question;
    if (*query != '\0') event.data.original_query = wire::RawJson{query};
    strip_personal(event, kTagged);
    return *event.data.question;
  };
  constexpr const char* kQuery = R"({"metrics":["revenue"],"group_by":["customer__email"]})";
  EXPECT_EQ(left_of("revenue for customer email Edda Hollin in 2025", kQuery),
            "revenue for customer email [redacted]  in 2025");
  EXPECT_EQ(left_of("top 5 customer emails like xenia.garrick1003@example.org by revenue", kQuery),
            "top 5 customer emails [redacted] [email] by revenue");
  EXPECT_EQ(left_of("how many orders for email edda hollin", ""),
            "how many [redacted] for email [redacted] ");
  EXPECT_EQ(left_of("revenue of a@b.org since 2024-01-02", ""),
            "revenue of [email] since 2024-01-02");
}
TEST(StripPersonal, ChangesNothingElseWhereNoTaggedColumnIsNamed) {
  auto event = correction();
  auto before = event;
  strip_personal(event, TaggedNames{"phone"});
  EXPECT_EQ(*event.data.question, "revenue of [email] by plan");
  event.data.question = before.data.question;
  event.data.comment = before.data.comment;
  EXPECT_EQ(wire::encode(event), wire::encode(before));
}

}  // namespace
}  // namespace loquat::feedback
