#include "writing.hpp"

#include "text.hpp"

namespace loquat::sql {
namespace {

/// Just enough of a scanner to walk over the head of a statement.
class Head {
 public:
  explicit Head(std::string_view text) : text_(text) {}

  bool word(std::string_view wanted) {
    const std::size_t mark = at_;
    if (const auto got = name(); got && !was_quoted_ && lower(*got) == wanted) return true;
    at_ = mark;
    return false;
  }
  bool sign(char wanted) {
    skip();
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  std::optional<std::string> name() {
    skip();
    was_quoted_ = at_ < text_.size() && text_[at_] == '"';
    return was_quoted_ ? quoted() : plain();
  }
  std::optional<std::string> qualified_name() {
    auto out = name();
    while (out && sign('.')) {
      const auto more = name();
      if (!more) return std::nullopt;
      *out += '.', *out += *more;
    }
    return out;
  }
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }
  [[nodiscard]] std::size_t mark() const { return at_; }
  void back(std::size_t mark) { at_ = mark; }

 private:
  void skip() {
    while (at_ < text_.size()) {
      const std::string_view left = text_.substr(at_);
      if (left[0] == ' ' || left[0] == '\n' || left[0] == '\t' || left[0] == '\r') {
        ++at_;
      } else if (left.starts_with("--")) {
        const auto end = left.find('\n');
        at_ = end == left.npos ? text_.size() : at_ + end + 1;
      } else if (left.starts_with("/*")) {
        const auto end = left.find("*/", 2);
        at_ = end == left.npos ? text_.size() : at_ + end + 2;
      } else {
        return;
      }
    }
  }
  std::optional<std::string> quoted() {
    std::string out;
    for (std::size_t i = at_ + 1; i < text_.size(); ++i) {
      if (text_[i] != '"') {
        out += text_[i];
      } else if (i + 1 < text_.size() && text_[i + 1] == '"') {
        out += '"', ++i;
      } else {
        at_ = i + 1;
        return out;
      }
    }
    return std::nullopt;
  }
  std::optional<std::string> plain() {
    const auto is_part = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '_' || c == '$' || static_cast<unsigned char>(c) >= 0x80;
    };
    std::size_t end = at_;
    while (end < text_.size() && is_part(text_[end])) ++end;
    if (end == at_) return std::nullopt;
    std::string out(text_.substr(at_, end - at_));
    at_ = end;
    return out;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool was_quoted_ = false;
};

std::optional<WritingParts> split_create(Head head) {
  if (head.word("or") && !head.word("replace")) return std::nullopt;
  static_cast<void>(head.word("temp") || head.word("temporary"));
  if (!head.word("table") && !head.word("view")) return std::nullopt;
  if (head.word("if") && !(head.word("not") && head.word("exists"))) return std::nullopt;
  auto target = head.qualified_name();
  if (!target || !head.word("as")) return std::nullopt;
  return WritingParts{std::move(*target), {}, head.rest()};
}

std::optional<WritingParts> split_insert(Head head) {
  if (head.word("or") && !head.word("replace") && !head.word("ignore")) return std::nullopt;
  if (!head.word("into")) return std::nullopt;
  auto target = head.qualified_name();
  if (!target) return std::nullopt;
  WritingParts out{std::move(*target), {}, {}};
  const std::size_t mark = head.mark();
  if (head.sign('(')) {
    do {
      auto column = head.name();
      if (!column) break;
      out.columns.push_back(std::move(*column));
    } while (head.sign(','));
    if (!head.sign(')')) out.columns.clear(), head.back(mark);  // the SELECT stands in brackets
  }
  out.select = head.rest();
  return out;
}

}  // namespace

std::optional<WritingParts> split_writing(std::string_view sql) {
  Head head(sql);
  if (head.word("create")) return split_create(head);
  if (head.word("insert")) return split_insert(head);
  return std::nullopt;
}

}  // namespace loquat::sql
