#include <gtest/gtest.h>

#include "loquat/api/api.hpp"
#include "loquat/wire/topics.hpp"

namespace loquat::api {
namespace {

TEST(AsyncApi, DescribesEveryTopicWithItsSchema) {
  const auto document = wire::parse_json(asyncapi_document("1.2.3"));
  ASSERT_TRUE(document) << document.error().detail;
  EXPECT_EQ(document->find("asyncapi")->string, "3.0.0");
  const auto* channels = document->find("channels");
  const auto* messages = document->find("components")->find("messages");
  for (const auto& topic : wire::topic_table()) {
    const auto* channel = channels->find(topic.name);
    ASSERT_NE(channel, nullptr) << topic.name;
    EXPECT_EQ(channel->find("bindings")->find("kafka")->find("partitions")->integer,
              topic.partitions);
    const auto* payload = messages->find(topic.schema)->find("payload");
    EXPECT_NE(payload->find("properties")->find("event_id"), nullptr);
  }
}

}  // namespace
}  // namespace loquat::api
