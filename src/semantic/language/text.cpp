#include "semantic/language/text.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <unordered_map>

#include "semantic/language/word_forms.hpp"

namespace loquat::semantic::language {
namespace {

// Base letters of U+00C0..U+017F; '?' keeps the letter as it is.
constexpr std::string_view kLatinBase =
    "aaaaaaaceeeeiiiidnooooo?ouuuuy?saaaaaaaceeeeiiiidnooooo?ouuuuy?y"
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllllll"
    "lnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

struct Letter {
  char32_t code = 0;
  std::size_t size = 1;
};

Letter decode(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned first = byte(at);
  if (first < 0x80) return {first, 1};
  if (first < 0xE0) return {(first & 0x1FU) << 6 | (byte(at + 1) & 0x3FU), 2};
  if (first < 0xF0)
    return {(first & 0x0FU) << 12 | (byte(at + 1) & 0x3FU) << 6 | (byte(at + 2) & 0x3FU), 3};
  return {(first & 0x07U) << 18 | (byte(at + 1) & 0x3FU) << 12 | (byte(at + 2) & 0x3FU) << 6 |
              (byte(at + 3) & 0x3FU),
          4};
}

void append(std::string& out, char32_t code) {
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out.push_back(static_cast<char>(0xC0 | code >> 6));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else if (code < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | code >> 12));
    out.push_back(static_cast<char>(0x80 | (code >> 6 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xF0 | code >> 18));
    out.push_back(static_cast<char>(0x80 | (code >> 12 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (code >> 6 & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  }
}

void append_folded(std::string& out, char32_t code) {
  if (code >= 'A' && code <= 'Z') {
    out.push_back(static_cast<char>(code + 32));
  } else if (code < 0x80) {
    out.push_back(static_cast<char>(code));
  } else if (code >= 0x300 && code <= 0x36F) {
    return;  // a combining mark
  } else if (code == 0xC6 || code == 0xE6) {
    out += "ae";
  } else if (code == 0x152 || code == 0x153) {
    out += "oe";
  } else if (code == 0xDF) {
    out += "ss";
  } else if (code >= 0xC0 && code < 0xC0 + kLatinBase.size() && kLatinBase[code - 0xC0] != '?') {
    out.push_back(kLatinBase[code - 0xC0]);
  } else if ((code >= 0x391 && code <= 0x3A9) || (code >= 0x410 && code <= 0x42F)) {
    append(out, code + 32);
  } else {
    append(out, code);
  }
}

bool is_apostrophe(char32_t code) { return code == '\'' || code == 0x2019 || code == 0x2018; }
bool is_digit(char32_t code) { return code >= '0' && code <= '9'; }
bool is_letter(char32_t code) {
  if (code < 0x80) return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z');
  if (code >= 0x2000 && code <= 0x2BFF) return false;  // punctuation, currency, arrows
  return code != 0xA0 && code != 0xAB && code != 0xBB && code != 0xBF && code != 0xA1 &&
         !(code >= 0xA2 && code <= 0xA9) && code != 0xD7 && !(code >= 0x3000 && code <= 0x303F);
}

int digits_at(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (i >= text.size() || !is_digit(static_cast<unsigned char>(text[i]))) return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

/// `2025-12-31`, `31.12.2025`; slashes only where the order cannot be mistaken.
std::optional<Date> date_at(std::string_view text, std::size_t at, std::size_t& size) {
  const auto ends = [&](std::size_t end) {
    return end >= text.size() || !is_digit(static_cast<unsigned char>(text[end]));
  };
  if (at + 10 <= text.size() && text[at + 4] == '-' && text[at + 7] == '-' && ends(at + 10)) {
    size = 10;
    return parse_date(text.substr(at, 10));
  }
  std::array<int, 2> parts{};
  std::size_t i = at;
  char mark = 0;
  for (int& part : parts) {
    const std::size_t width = digits_at(text, i, 2) >= 0 ? 2 : 1;
    part = digits_at(text, i, width);
    i += width;
    if (part < 0 || i >= text.size() || (text[i] != '.' && text[i] != '/')) return std::nullopt;
    if (mark != 0 && text[i] != mark) return std::nullopt;
    mark = text[i++];
  }
  const int year = digits_at(text, i, 4);
  if (year < 1900 || !ends(i + 4)) return std::nullopt;
  if (mark == '/' && parts[0] <= 12 && parts[1] <= 12 && parts[0] != parts[1]) return std::nullopt;
  if (mark == '/' && parts[1] > 12) std::swap(parts[0], parts[1]);
  const Date date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(parts[1])},
                  std::chrono::day{static_cast<unsigned>(parts[0])}};
  if (!date.ok()) return std::nullopt;
  size = i + 4 - at;
  return date;
}

const std::unordered_map<std::string_view, double>& number_words() {
  static const std::unordered_map<std::string_view, double> words = {
      {"zero", 0},    {"one", 1},     {"two", 2},     {"three", 3},    {"four", 4},
      {"five", 5},    {"six", 6},     {"seven", 7},   {"eight", 8},    {"nine", 9},
      {"ten", 10},    {"eleven", 11}, {"twelve", 12}, {"fifteen", 15}, {"twenty", 20},
      {"thirty", 30}, {"fifty", 50},  {"dozen", 12}};
  return words;
}
const std::unordered_map<std::string_view, double>& ordinal_words() {
  static const std::unordered_map<std::string_view, double> words = {
      {"first", 1}, {"second", 2}, {"third", 3}, {"fourth", 4}, {"fifth", 5}};
  return words;
}

double scale_of(std::string_view suffix) {
  if (suffix == "k" || suffix == "thousand") return 1e3;
  if (suffix == "m" || suffix == "mio" || suffix == "mn" || suffix == "million") return 1e6;
  if (suffix == "bn" || suffix == "billion") return 1e9;
  return suffix == "hundred" ? 100 : 0;
}

std::string digits_of(double value) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::vector<Token> read() {
    while (at_ < text_.size()) {
      const Letter letter = decode(text_, at_);
      if (is_digit(letter.code)) {
        number();
      } else if (is_letter(letter.code)) {
        word();
      } else if (letter.code == '>' || letter.code == '<') {
        sign();
      } else if (letter.code == '%' || letter.code == '&') {
        push(letter.code == '%' ? "percent" : "and", text_.substr(at_, 1));
        ++at_;
      } else {
        if (letter.code < 0x80 && letter.code > ' ') before_ = static_cast<char>(letter.code);
        if (letter.code == 0x2013 || letter.code == 0x2014) before_ = '-';
        at_ += letter.size;
      }
    }
    return std::move(tokens_);
  }

 private:
  void push(std::string folded, std::string_view shown) {
    Token token;
    token.text = std::move(folded);
    token.shown = std::string(shown);
    token.before = before_;
    before_ = ' ';
    if (const auto found = number_words().find(token.text); found != number_words().end())
      token.number = found->second;
    if (const auto found = ordinal_words().find(token.text); found != ordinal_words().end()) {
      token.number = found->second;
      token.ordinal = true;
    }
    if (const double scale = scale_of(token.text);
        scale > 1 && token.text.size() > 2 && !tokens_.empty() && tokens_.back().number) {
      Token& last = tokens_.back();
      last.number = *last.number * scale;
      last.shown += ' ' + token.shown;
      last.stem = last.root = last.text = digits_of(*last.number);
      return;
    }
    token.stem = stem_of(token.text);
    token.root = root_of(token.stem);
    tokens_.push_back(std::move(token));
  }

  void number() {
    const std::size_t begin = at_;
    std::size_t size = 0;
    if (const auto date = date_at(text_, at_, size)) {
      at_ += size;
      push(std::string(text_.substr(begin, size)), text_.substr(begin, size));
      tokens_.back().date = date;
      return;
    }
    std::string digits;
    while (at_ < text_.size()) {
      const char here = text_[at_];
      const bool thousands =
          here == ',' && digits_at(text_, at_ + 1, 3) >= 0 && digits_at(text_, at_ + 1, 4) < 0;
      const bool decimal = here == '.' && digits_at(text_, at_ + 1, 1) >= 0;
      if (is_digit(static_cast<unsigned char>(here)) || decimal) {
        digits.push_back(here);
      } else if (!thousands) {
        break;
      }
      ++at_;
    }
    const std::size_t suffix_begin = at_;
    while (at_ < text_.size() && (is_letter(decode(text_, at_).code) ||
                                  is_digit(decode(text_, at_).code) || text_[at_] == '_'))
      at_ += decode(text_, at_).size;
    finish_number(begin, digits, fold(text_.substr(suffix_begin, at_ - suffix_begin)));
  }

  void finish_number(std::size_t begin, const std::string& digits, const std::string& suffix) {
    const std::string_view shown = text_.substr(begin, at_ - begin);
    double value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    const bool ordinal = suffix == "th" || suffix == "st" || suffix == "nd" || suffix == "rd";
    const double scale = scale_of(suffix);
    if (!suffix.empty() && !ordinal && scale == 0) {
      push(digits + suffix, shown);
      return;
    }
    if (scale > 0) value *= scale;
    push(digits_of(value), shown);
    tokens_.back().number = value;
    tokens_.back().ordinal = ordinal;
    tokens_.back().stem = tokens_.back().root = digits_of(value);
  }

  static bool counts_what_follows(std::string_view word) {
    return word == "top" || word == "bottom" || word == "first" || word == "last" ||
           word == "best" || word == "worst" || word == "past";
  }

  void word() {
    const std::size_t begin = at_;
    std::size_t base_end = std::string_view::npos;
    while (at_ < text_.size()) {
      const Letter letter = decode(text_, at_);
      if (is_apostrophe(letter.code)) {
        const Letter next = decode(text_, at_ + letter.size);
        if (base_end == std::string_view::npos) base_end = at_;
        if (!is_letter(next.code)) {
          at_ += letter.size;
          break;
        }
      } else if (!is_letter(letter.code) && !is_digit(letter.code) && letter.code != '_') {
        break;
      }
      at_ += letter.size;
    }
    const std::string_view shown = text_.substr(begin, at_ - begin);
    std::string base =
        fold(text_.substr(begin, (base_end == std::string_view::npos ? at_ : base_end) - begin));
    const std::string tail =
        base_end == std::string_view::npos ? "" : fold(text_.substr(base_end, at_ - base_end));
    // l'Oréal, d'Ivoire: what follows is the word, not an ending.
    constexpr std::size_t kElidedMax = 2, kEndingMax = 2;
    const std::size_t after =
        base_end == std::string_view::npos ? at_ : base_end + decode(text_, base_end).size;
    if (base.size() <= kElidedMax && at_ > after + kEndingMax) {
      push(std::move(base), shown);
      push(fold(text_.substr(after, at_ - after)), shown);
      return;
    }
    // `top5`, `last7`: a word and its number, written as one.
    const std::size_t first_digit = base.find_first_of("0123456789");
    if (tail.empty() && first_digit != std::string::npos &&
        base.find_first_not_of("0123456789", first_digit) == std::string::npos &&
        counts_what_follows(std::string_view(base).substr(0, first_digit))) {
      push(base.substr(0, first_digit), shown.substr(0, first_digit));
      finish_number(begin + first_digit, base.substr(first_digit), "");
      return;
    }
    const bool negated = tail.ends_with('t') && base.ends_with('n') && tail.size() <= 4;
    if (negated && base.size() > 2) base.pop_back();
    push(std::move(base), shown);
    if (negated) push("not", shown);
  }

  void sign() {
    const bool equal = at_ + 1 < text_.size() && text_[at_ + 1] == '=';
    const std::string_view shown = text_.substr(at_, equal ? 2 : 1);
    push(std::string(shown), shown);
    at_ += shown.size();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  char before_ = ' ';
  std::vector<Token> tokens_;
};

}  // namespace

std::string fold(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  for (std::size_t at = 0; at < utf8.size();) {
    const Letter letter = decode(utf8, at);
    append_folded(out, letter.code);
    at += letter.size;
  }
  return out;
}

std::vector<Token> tokenize(std::string_view utf8) { return Reader(utf8).read(); }

std::vector<Token> words_of_name(std::string_view name) {
  std::string spaced;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char here = name[i];
    const bool upper = here >= 'A' && here <= 'Z';
    const bool after_lower = i > 0 && name[i - 1] >= 'a' && name[i - 1] <= 'z';
    if (upper && after_lower) spaced.push_back(' ');
    spaced.push_back(here == '_' ? ' ' : here);
  }
  return tokenize(spaced);
}

}  // namespace loquat::semantic::language
