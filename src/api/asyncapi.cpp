#include "loquat/api/api.hpp"
#include "loquat/wire/topics.hpp"

namespace loquat::api {
namespace {

void member(wire::JsonWriter& out, std::string_view key, std::string_view text) {
  out.key(key);
  out.value(text);
}
void reference(wire::JsonWriter& out, std::string_view key, const std::string& target) {
  out.key(key);
  out.begin_object();
  member(out, "$ref", target);
  out.end_object();
}

void write_channel(wire::JsonWriter& out, const wire::TopicInfo& topic) {
  const std::string schema(topic.schema);
  out.key(topic.name);
  out.begin_object();
  member(out, "address", topic.name);
  member(out, "description",
         std::string(topic.producer) + " to " + std::string(topic.consumer) +
             "; key: tenant_id; headers: CloudEvents binary mode and traceparent.");
  out.key("messages");
  out.begin_object();
  reference(out, topic.schema, "#/components/messages/" + schema);
  out.end_object();
  out.key("bindings");
  out.begin_object();
  out.key("kafka");
  out.begin_object();
  member(out, "topic", topic.name);
  out.key("partitions");
  out.value(topic.partitions);
  out.key("topicConfiguration");
  out.begin_object();
  out.key("retention.ms");
  out.value(static_cast<std::int64_t>(topic.retention_days) * 24 * 3600 * 1000);
  out.end_object();
  member(out, "bindingVersion", "0.5.0");
  out.end_object();
  out.end_object();
  out.end_object();
}

void write_operation(wire::JsonWriter& out, const wire::TopicInfo& topic, std::string_view action) {
  out.key(std::string(action) + "_" + std::string(topic.schema));
  out.begin_object();
  member(out, "action", action);
  reference(out, "channel", "#/channels/" + std::string(topic.name));
  out.end_object();
}

void write_message(wire::JsonWriter& out, const wire::TopicInfo& topic) {
  out.key(topic.schema);
  out.begin_object();
  member(out, "name", topic.schema);
  member(out, "contentType", "application/json");
  out.key("payload");
  out.raw(wire::event_schema(topic.schema));
  out.end_object();
}

}  // namespace

std::string asyncapi_document(std::string_view version) {
  std::string text;
  wire::JsonWriter out(text);
  out.begin_object();
  member(out, "asyncapi", "3.0.0");
  out.key("info");
  out.begin_object();
  member(out, "title", "Loquat events");
  member(out, "version", version);
  out.end_object();
  member(out, "defaultContentType", "application/json");
  out.key("channels");
  out.begin_object();
  for (const auto& topic : wire::topic_table()) write_channel(out, topic);
  out.end_object();
  out.key("operations");
  out.begin_object();
  for (const auto& topic : wire::topic_table()) {
    write_operation(out, topic, "send");
    if (topic.topic == wire::Topic::feedback) write_operation(out, topic, "receive");
  }
  out.end_object();
  out.key("components");
  out.begin_object();
  out.key("messages");
  out.begin_object();
  for (const auto& topic : wire::topic_table()) write_message(out, topic);
  out.end_object();
  out.end_object();
  out.end_object();
  return text;
}

}  // namespace loquat::api
