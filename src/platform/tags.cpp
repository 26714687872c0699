#include "tags.hpp"

#include <algorithm>

#include "loquat/wire/json.hpp"

namespace loquat::platform {
namespace {

using wire::JsonNode;
using Kind = JsonNode::Kind;

std::string text_of(const JsonNode& node, std::string_view key) {
  const JsonNode* found = node.find(key);
  return found != nullptr && found->kind == Kind::string ? plain_name(found->string)
                                                         : std::string();
}
bool is_personal(const JsonNode& column, const std::vector<std::string>& words) {
  const auto names_it = [&](const std::string& said) {
    return std::ranges::any_of(words,
                               [&](const std::string& word) { return plain_name(word) == said; });
  };
  if (names_it(text_of(column, "classification"))) return true;
  const JsonNode* tags = column.find("tags");
  if (tags == nullptr || tags->kind != Kind::array) return false;
  return std::ranges::any_of(tags->items, [&](const JsonNode& tag) {
    return names_it(tag.kind == Kind::string ? plain_name(tag.string) : text_of(tag, "name"));
  });
}

}  // namespace

std::string plain_name(std::string_view relation) {
  std::string out;
  for (const char c : relation) {
    if (c == '"' || c == '`') continue;
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  return out;
}

Result<TableTags> read_table_tags(std::string_view body,
                                  const std::vector<std::string>& personal_tags) {
  const auto json = wire::parse_json(body);
  const JsonNode* columns = json ? json->find("columns") : nullptr;
  if (columns == nullptr || columns->kind != Kind::array)
    return fail(Errc::corrupt, "The catalog's answer is not what it should be.");
  TableTags out;
  for (const JsonNode& column : columns->items) {
    const std::string name = text_of(column, "name");
    if (name.empty()) return fail(Errc::corrupt, "A column of the catalog has no name.");
    if (is_personal(column, personal_tags)) out.personal.insert(name);
    out.known.insert(name);
  }
  return out;
}

void TagBook::put(std::string_view relation, TableTags tags, Time now) {
  const std::string key = plain_name(relation);
  if (const auto known = by_key_.find(key); known != by_key_.end()) entries_.erase(known->second);
  entries_.emplace_front(key, Entry{std::move(tags), now});
  by_key_[key] = entries_.begin();
  while (entries_.size() > tables_max_) {
    by_key_.erase(entries_.back().first);
    entries_.pop_back();
  }
}

const TagBook::Entry* TagBook::find(std::string_view relation) const {
  const auto known = by_key_.find(plain_name(relation));
  return known == by_key_.end() ? nullptr : &known->second->second;
}

bool decide_mask(const MaskQuestion& question) {
  if (question.may_see) return false;
  if (question.dbt_says.value_or(false)) return true;
  if (!question.is_configured) return false;
  if (question.tags != nullptr && question.tags->personal.contains(plain_name(question.column)))
    return true;
  if (question.tags == nullptr) return question.is_text && !question.dbt_says;
  return false;
}

}  // namespace loquat::platform
