#include "log_tail.hpp"

#include "loquat/wire/json.hpp"

namespace loquat::conversation {
namespace {

std::string text_of(const wire::JsonNode& node, std::string_view name) {
  const auto* found = node.find(name);
  return found != nullptr && found->kind == wire::JsonNode::Kind::string ? found->string
                                                                         : std::string();
}

}  // namespace

void LogTail::take(const contracts::StoredEntry& entry) {
  const bool is_question = entry.type == "message";
  if (!is_question && entry.type != "complete") return;
  const auto node = wire::parse_json(*entry.bytes);
  if (!node) return;
  const auto message_id = text_of(*node, "message_id");
  if (message_id.empty()) return;
  if (!is_question) {
    open_.erase(message_id);
    ends_[message_id] = entry.bytes;
    return;
  }
  if (text_of(*node, "role") == "assistant") return;
  Question question;
  question.seq = entry.seq;
  question.content = text_of(*node, "content");
  if (const auto client_id = text_of(*node, "client_id"); !client_id.empty())
    question.client_id = client_id;
  asked_at_[message_id] = entry.seq;
  open_[message_id] = std::move(question);
}

std::optional<std::uint64_t> LogTail::asked_at(const std::string& message_id) const {
  const auto known = asked_at_.find(message_id);
  return known == asked_at_.end() ? std::nullopt : std::optional(known->second);
}

std::string LogTail::answer_of(const std::string& message_id) const {
  const auto end = ends_.find(message_id);
  if (end == ends_.end()) return {};
  const auto node = wire::parse_json(*end->second);
  const auto* answer = node ? node->find("answer") : nullptr;
  return answer != nullptr ? answer->dump() : std::string();
}

}  // namespace loquat::conversation
