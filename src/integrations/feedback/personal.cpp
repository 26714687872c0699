#include "personal.hpp"

#include <set>
#include <utility>

#include "collect.hpp"
#include "loquat/base/utf8.hpp"
#include "loquat/wire/json.hpp"
#include "redact.hpp"

namespace loquat::feedback {
namespace {

using Kind = wire::JsonNode::Kind;
constexpr std::string_view kStripped = "[redacted]";

/// The texts of one event, and what of them must not leave.
class Stripper {
 public:
  explicit Stripper(const TaggedNames& tagged) : tagged_(tagged) {}
  void look_at(const std::string& text) { is_personal_ = is_personal_ || names_any(text, tagged_); }
  void look_at(const std::optional<std::string>& text) {
    if (text) look_at(*text);
  }
  void look_at(const std::optional<wire::RawJson>& json) {
    if (json) look_at(json->text);
  }
  void learn_literals(std::string_view text) {
    for (auto& literal : string_literals(text)) literals_.push_back(std::move(literal));
  }
  [[nodiscard]] bool is_personal() const noexcept { return is_personal_; }

  /// The names in a query are the model's: their words are nobody's.
  void learn_names(const std::optional<wire::RawJson>& query) {
    if (!query) return;
    const auto node = wire::parse_json(query->text);
    if (!node) return;
    for (const char* key : {"metrics", "group_by", "order_by"}) {
      const auto* names = node->find(key);
      if (names == nullptr) continue;
      for (const auto& item : names->items) learn_words(item.string);
    }
  }

  void said(std::string& text) const {
    const bool is_named = names_any(text, tagged_);
    text = redact_text(without_words(text, literals_));
    if (is_named) text = only_known_words(text, words_, tagged_);
  }
  void said(std::optional<std::string>& text) const {
    if (text) said(*text);
  }
  static void answer(std::optional<std::string>& text) {
    if (text) *text = kStripped;
  }
  static void statement(std::optional<std::string>& sql) {
    if (sql) *sql = without_literals(*sql, wire::FeedbackData::kTextMax);
  }
  void query(std::optional<wire::RawJson>& json) const {
    if (!json) return;
    auto node = wire::parse_json(json->text);
    if (!node) return;
    strip_filters(*node);
    json->text = node->dump();
  }
  /// {sql, text, query} of a signal.
  void completion(std::optional<wire::RawJson>& json) const {
    if (!json) return;
    auto node = wire::parse_json(json->text);
    if (!node) return;
    for (auto& [key, value] : node->members) {
      if (key == "text") value = text_node(std::string(kStripped));
      if (key == "sql" && value.kind == Kind::string)
        value = text_node(without_literals(value.string, wire::FeedbackData::kTextMax));
      if (key == "query") strip_filters(value);
    }
    json->text = node->dump();
  }

 private:
  void learn_words(std::string_view name) {
    std::string word;
    for (const char c : name) {
      if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
        word += c;
      else if (!word.empty())
        words_.insert(std::exchange(word, {}));
    }
    if (!word.empty()) words_.insert(std::move(word));
  }
  static wire::JsonNode text_node(std::string text) {
    wire::JsonNode node;
    node.kind = Kind::string;
    node.string = std::move(text);
    return node;
  }
  /// A filter on a tagged column; `where` of a query, or conditions deeper in.
  void strip_filters(wire::JsonNode& node) const {
    for (auto& [key, value] : node.members) {
      if (key != "where" || value.kind != Kind::array) continue;
      for (auto& item : value.items)
        if (names_any(item.dump(), tagged_)) item = text_node(std::string(kStripped));
    }
  }

  const TaggedNames& tagged_;
  bool is_personal_ = false;
  std::vector<std::string> literals_;
  std::set<std::string> words_;
};

}  // namespace

void strip_personal(wire::FeedbackEvent& event, const TaggedNames& tagged) {
  auto& data = event.data;
  Stripper strip(tagged);
  for (const auto* text : {&data.original_sql, &data.corrected_sql, &data.question, &data.comment})
    strip.look_at(*text);
  for (const auto* json : {&data.original_query, &data.corrected_query}) strip.look_at(*json);
  // What stands for a value may be longer than it was, but no comment longer than its schema says.
  const auto clip_comment = [&data] {
    if (data.comment) *data.comment = clip_utf8(*data.comment, wire::FeedbackData::kCommentMax);
  };
  if (!strip.is_personal()) {
    strip.said(data.question);
    strip.said(data.comment);
    return clip_comment();
  }
  for (const auto* sql : {&data.original_sql, &data.corrected_sql})
    if (*sql) strip.learn_literals(**sql);
  for (const auto* json : {&data.original_query, &data.corrected_query})
    if (*json) {
      strip.learn_literals((*json)->text);
      strip.learn_names(*json);
    }
  strip.said(data.question);
  strip.said(data.comment);
  clip_comment();
  Stripper::answer(data.original_text);
  Stripper::answer(data.corrected_text);
  Stripper::statement(data.original_sql);
  Stripper::statement(data.corrected_sql);
  strip.query(data.original_query);
  strip.query(data.corrected_query);
  data.diff.reset();
  if (data.corrected_sql && data.original_sql)
    data.diff = line_diff(*data.original_sql, *data.corrected_sql);
}

void strip_personal(wire::LearningSignal& signal, const TaggedNames& tagged) {
  Stripper strip(tagged);
  strip.look_at(signal.prompt.question);
  for (const auto* json : {&signal.metric_query, &signal.chosen, &signal.rejected})
    strip.look_at(*json);
  if (!strip.is_personal()) return strip.said(signal.prompt.question);
  for (const auto* json : {&signal.metric_query, &signal.chosen, &signal.rejected})
    if (*json) strip.learn_literals((*json)->text);
  strip.learn_names(signal.metric_query);
  strip.said(signal.prompt.question);
  signal.prompt.context.text = "{}";
  strip.query(signal.metric_query);
  strip.completion(signal.chosen);
  strip.completion(signal.rejected);
}

}  // namespace loquat::feedback
