#include "redact.hpp"

#include <algorithm>
#include <utility>

namespace loquat::feedback {
namespace {

constexpr std::size_t kDigitsOfId = 9;
constexpr std::size_t kSeparatorsMax = 8;  // between two digits of a number
constexpr std::string_view kRedacted = "[redacted]";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }
bool is_hex(char c) { return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f'); }
bool is_name(char c) { return is_letter(c) || is_digit(c) || c == '_'; }
bool is_mailbox(char c) {
  return is_name(c) || c == '.' || c == '%' || c == '+' || c == '-' ||
         (static_cast<unsigned char>(c) & 0x80);
}

/// Length of what `text` begins with, if it matches `shape`: d digit, h hex digit, else itself.
std::size_t match(std::string_view text, std::string_view shape) {
  if (text.size() < shape.size()) return 0;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const bool fits = shape[i] == 'd'   ? is_digit(text[i])
                      : shape[i] == 'h' ? is_hex(text[i])
                                        : text[i] == shape[i];
    if (!fits) return 0;
  }
  return shape.size();
}

/// Length of the address that begins here.
std::size_t email_at(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && is_mailbox(text[at])) ++at;
  if (at == 0 || at >= text.size() || text[at] != '@') return 0;
  std::size_t end = at + 1;
  while (end < text.size() && is_mailbox(text[end])) ++end;
  while (end > at + 1 && (text[end - 1] == '.' || text[end - 1] == '-')) --end;
  return text.substr(at + 1, end - at - 1).find('.') == std::string_view::npos ? 0 : end;
}

struct Digits {
  std::size_t length = 0, digits = 0, separators = 0, dots = 0;
};
/// A run of digits with what people put between them.
Digits digits_at(std::string_view text) {
  Digits found;
  std::size_t at = text.starts_with('+') || text.starts_with('(') ? 1 : 0;
  bool was_digit = false;
  Digits ahead;  // what stands after the last digit counts once another follows
  for (; at < text.size(); ++at) {
    if (is_digit(text[at])) {
      // A date after a blank is no part of a number.
      if (!was_digit && found.digits > 0 && match(text.substr(at), "dddd-dd-dd")) break;
      ++found.digits;
      found.separators += std::exchange(ahead.separators, 0);
      found.dots += std::exchange(ahead.dots, 0);
      found.length = at + 1;
      was_digit = true;
    } else if (ahead.separators < kSeparatorsMax &&
               std::string_view(" -./()").find(text[at]) != std::string_view::npos &&
               (was_digit || text[at] == '(' || (at > 0 && text[at - 1] == ')'))) {
      ++ahead.separators;
      if (text[at] == '.') ++ahead.dots;
      was_digit = false;
    } else {
      break;
    }
  }
  return found;
}

std::size_t skip_comment(std::string_view sql) {
  if (sql.starts_with("--")) return std::min(sql.find('\n'), sql.size());
  if (!sql.starts_with("/*")) return 0;
  const auto end = sql.find("*/", 2);
  return end == std::string_view::npos ? sql.size() : end + 2;
}
std::size_t literal_at(std::string_view sql) {
  if (!sql.starts_with('\'')) return 0;
  for (std::size_t i = 1; i < sql.size(); ++i) {
    if (sql[i] != '\'') continue;
    if (i + 1 < sql.size() && sql[i + 1] == '\'')
      ++i;
    else
      return i + 1;
  }
  return sql.size();
}

}  // namespace

std::string redact_text(std::string_view text) {
  std::string out;
  bool is_fresh = true;  // nothing of a word stands before
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    if (is_fresh) {
      if (const auto length = email_at(rest)) {
        out += "[email]";
        at += length;
        is_fresh = false;
        continue;
      }
      if (const auto length = match(rest, "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh")) {
        out += "[id]";
        at += length;
        is_fresh = false;
        continue;
      }
      if (const auto date = match(rest, "dddd-dd-dd")) {
        out += rest.substr(0, date);
        at += date;
        is_fresh = false;
        continue;
      }
      if (is_digit(rest[0]) || rest[0] == '+' || rest[0] == '(') {
        const Digits run = digits_at(rest);
        const bool is_decimal = run.dots == 1 && run.separators == 1;
        const bool is_phone = rest[0] == '+' ? run.digits >= 7 : run.separators > 0;
        if (run.digits >= (rest[0] == '+' ? 7 : kDigitsOfId) && !is_decimal) {
          out += is_phone ? "[phone]" : "[number]";
          at += run.length;
          is_fresh = false;
          continue;
        }
      }
    }
    out += rest[0];
    is_fresh = !is_mailbox(rest[0]);
    ++at;
  }
  return out;
}

namespace {

bool is_one_of(const std::string& word, const std::set<std::string>& tagged) {
  const auto part = word.rfind("__");
  return tagged.contains(word) ||
         (part != std::string::npos && tagged.contains(word.substr(part + 2)));
}

/// The word itself, or what it may be the plural of.
bool is_tagged(const std::string& word, const std::set<std::string>& tagged) {
  if (word.empty()) return false;
  if (is_one_of(word, tagged)) return true;
  if (word.ends_with("ies") && is_one_of(word.substr(0, word.size() - 3) + "y", tagged))
    return true;
  if (word.ends_with("es") && is_one_of(word.substr(0, word.size() - 2), tagged)) return true;
  return word.ends_with('s') && is_one_of(word.substr(0, word.size() - 1), tagged);
}

/// Words that any question may have; none of them is anybody's.
constexpr std::string_view kPlainWords[] = {
    "a",         "all",      "an",     "and",    "are",    "as",      "at",       "average",
    "below",     "between",  "bottom", "by",     "change", "compare", "compared", "count",
    "daily",     "day",      "days",   "did",    "do",     "does",    "each",     "fewest",
    "for",       "from",     "give",   "growth", "had",    "has",     "have",     "highest",
    "how",       "in",       "is",     "it",     "its",    "largest", "last",     "least",
    "less",      "list",     "lowest", "many",   "me",     "month",   "monthly",  "months",
    "more",      "most",     "much",   "next",   "no",     "not",     "number",   "of",
    "on",        "only",     "or",     "our",    "over",   "per",     "percent",  "quarter",
    "quarterly", "quarters", "rate",   "rows",   "share",  "show",    "since",    "sum",
    "than",      "that",     "the",    "their",  "these",  "this",    "those",    "to",
    "today",     "top",      "total",  "trend",  "under",  "until",   "versus",   "vs",
    "was",       "we",       "week",   "weekly", "weeks",  "were",    "what",     "when",
    "where",     "which",    "who",    "why",    "with",   "without", "year",     "yearly",
    "years",     "yesterday"};

}  // namespace

bool names_any(std::string_view text, const std::set<std::string>& tagged) {
  std::string word, before;
  const auto is_named = [&] {
    const bool is_one =
        is_tagged(word, tagged) || (!before.empty() && is_tagged(before + '_' + word, tagged));
    if (!word.empty()) before = std::exchange(word, {});
    return is_one;
  };
  for (const char c : text) {
    if (is_name(c)) {
      word += lower(c);
      continue;
    }
    if (is_named()) return true;
  }
  return is_named();
}

std::string only_known_words(std::string_view text, const std::set<std::string>& known,
                             const std::set<std::string>& tagged) {
  constexpr std::size_t kDigitsMax = 4;  // a year, or how many
  const auto is_known = [&](const std::string& word) {
    if (std::ranges::all_of(word, is_digit)) return word.size() <= kDigitsMax;
    return known.contains(word) || is_tagged(word, tagged) ||
           std::ranges::find(kPlainWords, word) != std::end(kPlainWords);
  };
  std::string out, word, written;
  const auto put = [&] {
    if (word.empty()) return;
    if (is_known(word))
      out += written;
    else if (!std::string_view(out).ends_with(kRedacted) &&
             !std::string_view(out).ends_with(std::string(kRedacted) + " "))
      out += kRedacted;
    word.clear();
    written.clear();
  };
  for (const char c : text) {
    if (is_mailbox(c) || c == '@' || c == '\'') {  // values are made of these
      word += lower(c);
      written += c;
      continue;
    }
    put();
    out += c;
  }
  put();
  return out;
}

namespace {

std::string with_literals_as(std::string_view sql, std::string_view mark) {
  std::string out;
  for (std::size_t at = 0; at < sql.size();) {
    if (const auto comment = skip_comment(sql.substr(at))) {
      at += comment;
    } else if (const auto length = literal_at(sql.substr(at))) {
      out += '\'';
      if (length > 2) out += mark;
      if (length > 1) out += '\'';
      at += length;
    } else {
      out += sql[at++];
    }
  }
  return out;
}

}  // namespace

std::vector<std::string> string_literals(std::string_view sql) {
  std::vector<std::string> found;
  for (std::size_t at = 0; at < sql.size();) {
    if (const auto comment = skip_comment(sql.substr(at))) {
      at += comment;
    } else if (const auto length = literal_at(sql.substr(at))) {
      if (length > 2) found.emplace_back(sql.substr(at + 1, length - 2));
      at += length;
    } else {
      ++at;
    }
  }
  return found;
}

std::string without_literals(std::string_view sql, std::size_t bytes_max) {
  std::string out = with_literals_as(sql, kRedacted);
  return out.size() <= bytes_max ? out : with_literals_as(sql, "?");  // then none gets longer
}

namespace {

/// Sorted, so that those with a common beginning stand together.
using SortedWords = std::vector<std::string>;

/// Length of the longest of `words` that `text` (in lower case) begins with; 0: none. Each step
/// looks only at those that begin as the text does so far.
std::size_t longest_at(const SortedWords& words, std::string_view text) {
  auto first = words.begin();
  auto last = words.end();
  std::size_t longest = 0;
  for (std::size_t at = 0; first != last; ++at) {
    if (first->size() == at) longest = at;
    if (first->size() == at && ++first == last) break;
    if (at == text.size()) break;
    const auto before = [at](const std::string& word, char c) { return word[at] < c; };
    const auto behind = [at](char c, const std::string& word) { return c < word[at]; };
    if (std::next(first) == last) {
      const std::string_view only = *first;
      return text.substr(at).starts_with(only.substr(at)) ? only.size() : longest;
    }
    first = std::lower_bound(first, last, text[at], before);
    last = std::upper_bound(first, last, text[at], behind);
  }
  return longest;
}

std::string in_lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

}  // namespace

std::string without_words(std::string_view text, const std::vector<std::string>& words) {
  SortedWords sorted;
  for (const auto& word : words)
    if (word.size() >= 2) sorted.push_back(in_lower(word));
  std::ranges::sort(sorted);
  const auto twice = std::ranges::unique(sorted);
  sorted.erase(twice.begin(), twice.end());
  const std::string plain = in_lower(text);
  std::string out;
  // What was put in is never looked at again: a word of it would be replaced without end.
  for (std::size_t at = 0; at < text.size();) {
    const auto length = longest_at(sorted, std::string_view(plain).substr(at));
    if (length > 0)
      out += kRedacted;
    else
      out += text[at];
    at += std::max<std::size_t>(length, 1);
  }
  return out;
}

}  // namespace loquat::feedback
