#include "../../../../src/integrations/kafka/record.hpp"

#include <gtest/gtest.h>

namespace loquat::kafka {
namespace {

wire::Event feedback() {
  wire::FeedbackEvent event;
  event.event_id = "fb-1";
  event.event_type = "feedback.submitted";
  event.tenant_id = "acme";
  event.session_id = "s-1";
  event.trace_id = std::string(32, 'a');
  event.response_id = "r-1";
  event.timestamp = WallTime{std::chrono::seconds(1'700'000'000)};
  return event;
}
std::string header(const OutRecord& record, std::string_view name) {
  for (const auto& [key, value] : record.headers)
    if (key == name) return value;
  return "absent";
}

TEST(Record, IsACloudEventInBinaryModeKeyedByTenant) {
  const OutRecord record = make_record(feedback(), wire::encode_event(feedback()), "/loquat/one");
  EXPECT_EQ(record.topic, "ai-feedback-events");
  EXPECT_EQ(record.key, "acme");
  EXPECT_EQ(header(record, "ce_specversion"), "1.0");
  EXPECT_EQ(header(record, "ce_id"), "fb-1");
  EXPECT_EQ(header(record, "ce_type"), "feedback.submitted");
  EXPECT_EQ(header(record, "ce_source"), "/loquat/one");
  EXPECT_EQ(header(record, "ce_subject"), "s-1");
  EXPECT_EQ(header(record, "ce_time"), "2023-11-14T22:13:20.000Z");
  EXPECT_EQ(header(record, "content-type"), "application/json");
  EXPECT_EQ(header(record, "traceparent").substr(0, 36), "00-" + std::string(32, 'a') + "-");
  EXPECT_TRUE(record.is_kept);
  EXPECT_FALSE(record.is_reserved);
}

TEST(Record, ComesBackFromTheSpoolAsItWas) {
  const OutRecord record = make_record(feedback(), wire::encode_event(feedback()), "/loquat/one");
  const auto back = from_spool(to_spool(record), "/loquat/one");
  ASSERT_TRUE(back);
  EXPECT_EQ(back->headers, record.headers);
  EXPECT_EQ(back->payload, record.payload);
  EXPECT_EQ(back->is_kept, record.is_kept);
  EXPECT_EQ(back->made_at, record.made_at);
}

TEST(Record, ComesBackFromASpoolThatKeptThePayloadAlone) {
  const OutRecord record = make_record(feedback(), wire::encode_event(feedback()), "/loquat/one");
  auto spooled = to_spool(record);
  spooled.head.clear();
  const auto back = from_spool(std::move(spooled), "/loquat/one");
  ASSERT_TRUE(back);
  EXPECT_EQ(back->headers, record.headers);
  EXPECT_EQ(back->made_at, record.made_at);
}

TEST(Record, OfAnUnknownTopicIsPassedOver) {
  EXPECT_FALSE(from_spool({"k", "someone-elses-topic", "e", "{}", false, ""}, "/loquat/one"));
}

}  // namespace
}  // namespace loquat::kafka
