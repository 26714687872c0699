#include "semantic/planner/guard_words.hpp"

#include <algorithm>
#include <unordered_set>

namespace loquat::semantic::planner {
namespace {

using language::Token;

bool is_write_verb(const std::string& word) {
  static const std::unordered_set<std::string_view> verbs = {
      "delete", "erase",  "insert",  "update",   "truncate", "alter",  "overwrite", "modify",
      "edit",   "grant",  "revoke",  "purge",    "wipe",     "create", "rename",    "merge",
      "upload", "import", "destroy", "backfill", "refund",   "cancel", "book",      "send"};
  return verbs.contains(word);
}
bool is_removing_verb(const std::string& word) {
  return word == "drop" || word == "remove" || word == "change" || word == "set" ||
         word == "replace";
}
bool introduces(const std::string& word) {
  static const std::unordered_set<std::string_view> words = {
      "please", "can", "could", "would",  "you",  "i",  "we",    "want", "to", "need", "now",
      "then",   "and", "just",  "kindly", "like", "go", "ahead", "let",  "s",  "us",   "should"};
  return words.contains(word);
}

}  // namespace

std::optional<Forbidden> forbidden_request(const std::vector<Token>& tokens, bool has_previous) {
  std::size_t at = 0;
  while (at < tokens.size() && introduces(tokens[at].text)) ++at;
  // An order stands first; the same word later may be what a metric is about.
  if (at < tokens.size()) {
    const std::string& verb = tokens[at].text;
    const bool more = at + 1 < tokens.size();
    if (more && is_write_verb(verb)) return Forbidden{verb, false};
    if (more && is_removing_verb(verb) && !has_previous) return Forbidden{verb, false};
  }
  const auto says = [&](std::string_view a, std::string_view b) {
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i)
      if (tokens[i].text == a && tokens[i + 1].text == b) return true;
    return false;
  };
  const auto has = [&](std::string_view a) {
    return std::any_of(tokens.begin(), tokens.end(),
                       [&](const Token& token) { return token.text == a; });
  };
  if (says("drop", "table") || says("delete", "from") || says("insert", "into"))
    return Forbidden{"drop or delete", false};
  const bool ignoring =
      has("ignore") || has("bypass") || has("disable") || has("circumvent") || has("override");
  const bool rules = has("rules") || has("policy") || has("policies") || has("permissions") ||
                     has("restrictions") || has("instructions") || has("masking") ||
                     has("security") || has("filters");
  if (ignoring && rules) return Forbidden{"ignore", true};
  return std::nullopt;
}

}  // namespace loquat::semantic::planner
