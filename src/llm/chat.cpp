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
                         std::string_view json_schema, bool is_streamed) {
  std::string out;
  wire::JsonWriter json(out);
  json.begin_object();
  json.key("model"), json.value(config.model);
  json.key("temperature"), json.value(config.temperature);
  json.key("max_tokens"), json.value(config.output_tokens_max);
  json.key("stream"), json.value(is_streamed);
  if (is_streamed) {
    json.key("stream_options");
    json.begin_object();
    json.key("include_usage"), json.value(true);
    json.end_object();
  }
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

std::string ChatStream::feed(std::string_view bytes) {
  std::string out;
  for (std::size_t end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
    line_ += bytes.substr(0, end);
    bytes.remove_prefix(end + 1);
    read_line(line_, out);
    line_.clear();
  }
  line_ += bytes;
  reply_.text += out;
  return out;
}

void ChatStream::read_line(std::string_view line, std::string& out) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  constexpr std::string_view kData = "data:";
  if (!line.starts_with(kData)) {
    // Other fields of an event, its end or a comment; or an answer that is no stream.
    if (!is_stream_) whole_ += line;
    return;
  }
  is_stream_ = true;
  line.remove_prefix(kData.size());
  while (line.starts_with(' ')) line.remove_prefix(1);
  if (line == "[DONE]") {
    is_done_ = true;
    return;
  }
  const auto json = wire::parse_json(line);
  if (!json || json->find("error") != nullptr) {
    is_broken_ = true;
    return;
  }
  if (reply_.model_id.empty()) reply_.model_id = text_of(&*json, "model");
  if (const JsonNode* usage = json->find("usage"); usage && usage->kind == Kind::object) {
    reply_.input_tokens = number_of(usage, "prompt_tokens");
    reply_.output_tokens = number_of(usage, "completion_tokens");
  }
  const JsonNode* choices = json->find("choices");
  if (choices == nullptr || choices->kind != Kind::array || choices->items.empty()) return;
  const JsonNode& choice = choices->items.front();
  out += text_of(choice.find("delta"), "content");
  if (!text_of(&choice, "finish_reason").empty()) is_done_ = true;
}

Result<contracts::ModelReply> ChatStream::finish(std::string& rest) {
  if (!line_.empty()) {
    read_line(line_, rest);
    reply_.text += rest;
    line_.clear();
  }
  if (!is_stream_) {
    auto reply = read_chat_answer(whole_, false);
    if (reply) rest = reply->text;
    return reply;
  }
  if (is_broken_) return fail(Errc::corrupt, "The language model's stream makes no sense.");
  if (!is_done_) return fail(Errc::corrupt, "The language model's stream broke off.");
  if (reply_.text.empty()) return fail(Errc::corrupt, "The language model said nothing.");
  return std::move(reply_);
}

}  // namespace loquat::llm
