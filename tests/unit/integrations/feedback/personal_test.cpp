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
TEST(StripPersonal, ChangesNothingWhereNoTaggedColumnIsNamed) {
  auto event = correction();
  const auto before = wire::encode(event);
  strip_personal(event, TaggedNames{"phone"});
  EXPECT_EQ(wire::encode(event), before);
}

}  // namespace
}  // namespace loquat::feedback
