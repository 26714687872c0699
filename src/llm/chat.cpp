#include "chat.hpp"

#include "loquat/wire/json.hpp"

namespace loquat::llm {
namespace {

using wire::JsonNode;
using Kind = JsonNode::Kind;

std::string text_of(const JsonNode* node, std::string_view key) {
  const JsonNode* found = node != nullptr ? node->find(key) : nullptr;
  return found != nullptr && found->kind == Kind::string ? found->string : std::string();
}
std::int64_t number_of(const JsonNode* node, std::string_view key) {
  const JsonNode* found = node != nullptr ? node->find(key) : nullptr;
  return found != nullptr && found->kind == Kind::integer ? found->integer : 0;
}
void message(wire::JsonWriter& json, std::string_view role, std::string_view content) {
  json.begin_object();
  json.key("role"), json.value(role);
  json.key("content"), json.value(content);
  json.end_object();
}

}  // namespace

std::string chat_request(const LlmConfig& config, std::string_view system, std::string_view user,
                         std::string_view json_schema) {
  std::string out;
  wire::JsonWriter json(out);
  json.begin_object();
  json.key("model"), json.value(config.model);
  json.key("temperature"), json.value(config.temperature);
  json.key("max_tokens"), json.value(config.output_tokens_max);
  json.key("stream"), json.value(false);
  json.key("messages");
  json.begin_array();
  if (!system.empty()) message(json, "system", system);
  message(json, "user", user);
  json.end_array();
  if (!json_schema.empty()) {
    json.key("response_format");
    json.begin_object();
    json.key("type"), json.value("json_schema");
    json.key("json_schema");
    json.begin_object();
    json.key("name"), json.value("reply");
    json.key("strict"), json.value(true);
    json.key("schema"), json.raw(json_schema);
    json.end_object();
    json.end_object();
  }
  json.end_object();
  return out;
}

Result<contracts::ModelReply> read_chat_answer(std::string_view body, bool must_be_json) {
  const auto json = wire::parse_json(body);
  const JsonNode* choices = json ? json->find("choices") : nullptr;
  if (choices == nullptr || choices->kind != Kind::array || choices->items.empty())
    return fail(Errc::corrupt, "The language model's answer is not what it should be.");
  const JsonNode& choice = choices->items.front();
  if (text_of(&choice, "finish_reason") == "length")
    return fail(Errc::corrupt, "The language model's answer was cut off.");
  contracts::ModelReply out;
  out.text = text_of(choice.find("message"), "content");
  if (out.text.empty()) return fail(Errc::corrupt, "The language model said nothing.");
  if (must_be_json && !wire::parse_json(out.text))
    return fail(Errc::corrupt, "The language model's answer is no JSON.");
  out.model_id = text_of(&*json, "model");
  const JsonNode* usage = json->find("usage");
  out.input_tokens = number_of(usage, "prompt_tokens");
  out.output_tokens = number_of(usage, "completion_tokens");
  return out;
}

}  // namespace loquat::llm
