#include "json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "loquat/base/utf8.hpp"

namespace loquat::dbt {
namespace {

constexpr std::size_t kDepthMax = 300;  // the trimmer lets 256 pass
constexpr std::size_t kTextMax = 0xFFFFFFFFU;

bool is_json_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_code_point(char*& to, std::uint32_t c) {
  const auto byte = [&to](std::uint32_t value) { *to++ = static_cast<char>(value); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xC0U | c >> 6U);
    byte(0x80U | (c & 0x3FU));
  } else if (c < 0x10000) {
    byte(0xE0U | c >> 12U);
    byte(0x80U | (c >> 6U & 0x3FU));
    byte(0x80U | (c & 0x3FU));
  } else {
    byte(0xF0U | c >> 18U);
    byte(0x80U | (c >> 12U & 0x3FU));
    byte(0x80U | (c >> 6U & 0x3FU));
    byte(0x80U | (c & 0x3FU));
  }
}

void append_quoted(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    constexpr std::string_view kSpecial = "\"\\\b\f\n\r\t", kLetters = "\"\\bfnrt";
    const std::size_t special = kSpecial.find(c);
    if (special != std::string_view::npos) {
      out += '\\';
      out += kLetters[special];
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

/// One pass, by recursive descent; what is finished goes to the reader's memory.
class JsonParser {
 public:
  JsonParser(std::string_view text, std::pmr::memory_resource& memory)
      : at_(text.data()), end_(text.data() + text.size()), memory_(memory) {}

  bool whole(Json& out) {
    skip();
    if (!value(out, 0)) return false;
    skip();
    return at_ == end_;
  }

 private:
  void skip() {
    while (at_ != end_ && is_json_space(*at_)) ++at_;
  }
  bool take(char c) {
    skip();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool word(std::string_view expected) {
    if (std::string_view(at_, static_cast<std::size_t>(end_ - at_)).substr(0, expected.size()) !=
        expected)
      return false;
    at_ += expected.size();
    return true;
  }

  template <class Iterator>
  auto* kept(Iterator begin, Iterator end) {
    using T = typename std::iterator_traits<Iterator>::value_type;
    static_assert(std::is_trivially_copyable_v<T>);
    const auto count = static_cast<std::size_t>(end - begin);
    auto* const to =
        static_cast<T*>(memory_.allocate(std::max<std::size_t>(count, 1) * sizeof(T), alignof(T)));
    std::uninitialized_copy(begin, end, to);
    return to;
  }

  bool value(Json& out, std::size_t depth) {
    skip();
    if (at_ == end_ || depth > kDepthMax) return false;
    switch (*at_) {
      case '{':
        return object(out, depth);
      case '[':
        return array(out, depth);
      case '"': {
        std::string_view text;
        if (!string(text)) return false;
        out.kind_ = Json::Kind::text;
        out.text_ = text.data();
        out.size_ = static_cast<std::uint32_t>(text.size());
        return true;
      }
      case 't':
        out.kind_ = Json::Kind::boolean;
        out.size_ = 1;
        return word("true");
      case 'f':
        out.kind_ = Json::Kind::boolean;
        return word("false");
      case 'n':
        return word("null");
      case 'N':
        return word("NaN");
      case 'I':
        return word("Infinity");
      default:
        return (*at_ == '-' && word("-Infinity")) || number(out);
    }
  }

  bool object(Json& out, std::size_t depth) {
    ++at_;
    const std::size_t base = members_.size();
    if (!take('}')) {
      do {
        JsonMember member;
        skip();
        if (at_ == end_ || *at_ != '"' || !string(member.name) || !take(':') ||
            !value(member.value, depth + 1))
          return false;
        members_.push_back(member);
      } while (take(','));
      if (!take('}')) return false;
    }
    const auto first = members_.begin() + static_cast<std::ptrdiff_t>(base);
    const auto by_name = [](const JsonMember& a, const JsonMember& b) { return a.name < b.name; };
    if (!std::is_sorted(first, members_.end(), by_name))
      std::stable_sort(first, members_.end(), by_name);
    // Of equal names the last one counts.
    const auto last =
        std::unique(members_.rbegin(), members_.rend() - static_cast<std::ptrdiff_t>(base),
                    [](const JsonMember& a, const JsonMember& b) { return a.name == b.name; });
    const auto begin = last.base();
    out.kind_ = Json::Kind::object;
    out.size_ = static_cast<std::uint32_t>(members_.end() - begin);
    out.members_ = kept(begin, members_.end());
    members_.resize(base);
    return true;
  }

  bool array(Json& out, std::size_t depth) {
    ++at_;
    const std::size_t base = items_.size();
    if (!take(']')) {
      do {
        Json item;
        if (!value(item, depth + 1)) return false;
        items_.push_back(item);
      } while (take(','));
      if (!take(']')) return false;
    }
    out.kind_ = Json::Kind::array;
    out.size_ = static_cast<std::uint32_t>(items_.size() - base);
    out.items_ = kept(items_.begin() + static_cast<std::ptrdiff_t>(base), items_.end());
    items_.resize(base);
    return true;
  }

  bool digits() {
    const char* const begin = at_;
    while (at_ != end_ && is_digit(*at_)) ++at_;
    return at_ != begin;
  }

  bool number(Json& out) {
    const char* const begin = at_;
    if (*at_ == '-') ++at_;
    const bool has_zero = at_ != end_ && *at_ == '0';
    if (has_zero)
      ++at_;
    else if (!digits())
      return false;
    bool is_whole = true;
    if (at_ != end_ && *at_ == '.') {
      is_whole = false;
      ++at_;
      if (!digits()) return false;
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
      is_whole = false;
      ++at_;
      if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
      if (!digits()) return false;
    }
    std::int64_t fits = 0;
    is_whole = is_whole && std::from_chars(begin, at_, fits).ec == std::errc();
    out.kind_ = is_whole ? Json::Kind::integer : Json::Kind::number;
    out.text_ = begin;
    out.size_ = static_cast<std::uint32_t>(at_ - begin);
    return true;
  }

  bool string(std::string_view& out) {
    const char* const begin = ++at_;
    bool is_plain = true, is_ascii = true;
    for (; at_ != end_ && *at_ != '"'; ++at_) {
      const auto c = static_cast<unsigned char>(*at_);
      if (c < 0x20) return false;
      is_ascii = is_ascii && c < 0x80;
      if (c != '\\') continue;
      is_plain = false;
      if (++at_ == end_) return false;
    }
    if (at_ == end_) return false;
    const std::string_view raw(begin, static_cast<std::size_t>(at_++ - begin));
    if (raw.size() > kTextMax || (!is_ascii && !is_utf8(raw))) return false;
    out = raw;
    return is_plain || unescaped(raw, out);
  }

  static bool hex(std::string_view raw, std::size_t at, std::uint32_t& out) {
    if (at + 4 > raw.size()) return false;
    const char* const begin = raw.data() + at;
    const auto done = std::from_chars(begin, begin + 4, out, 16);
    return done.ec == std::errc() && done.ptr == begin + 4;
  }

  bool unescaped(std::string_view raw, std::string_view& out) {
    // No escape is shorter than what it stands for.
    char* const begin = static_cast<char*>(memory_.allocate(raw.size(), 1));
    char* to = begin;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] != '\\') {
        *to++ = raw[i];
        continue;
      }
      constexpr std::string_view kLetters = "\"\\/bfnrt", kMeant = "\"\\/\b\f\n\r\t";
      const char letter = raw[++i];
      if (const auto known = kLetters.find(letter); known != std::string_view::npos) {
        *to++ = kMeant[known];
        continue;
      }
      std::uint32_t c = 0;
      if (letter != 'u' || !hex(raw, i + 1, c)) return false;
      i += 4;
      std::uint32_t low = 0;
      const bool is_high = c >= 0xD800 && c < 0xDC00;
      if (is_high && raw.substr(i + 1).starts_with("\\u") && hex(raw, i + 3, low) &&
          low >= 0xDC00 && low < 0xE000) {
        c = 0x10000 + ((c - 0xD800) << 10U) + (low - 0xDC00);
        i += 6;
      } else if (c >= 0xD800 && c < 0xE000) {
        c = 0xFFFD;
      }
      append_code_point(to, c);
    }
    out = {begin, static_cast<std::size_t>(to - begin)};
    return true;
  }

  const char* at_;
  const char* end_;
  std::pmr::memory_resource& memory_;
  std::vector<JsonMember> members_;  // of the objects that are being read, the innermost last
  std::vector<Json> items_;
};

const Json* JsonReader::read(std::string_view text) {
  constexpr std::size_t kFirst = 1'024;
  memory_.emplace(kFirst + 2 * text.size());
  return JsonParser(text, *memory_).whole(root_) ? &root_ : nullptr;
}

std::int64_t Json::integer() const {
  std::int64_t out = 0;
  if (is_integer()) std::from_chars(text_, text_ + size_, out);
  return out;
}

double Json::number() const {
  double out = 0;
  if (is_number()) std::from_chars(text_, text_ + size_, out);
  return out;
}

std::string_view Json::text() const {
  return is_string() ? std::string_view(text_, size_) : std::string_view();
}

std::span<const Json> Json::items() const {
  return is_array() ? std::span(items_, size_) : std::span<const Json>();
}

std::span<const JsonMember> Json::members() const {
  return is_object() ? std::span(members_, size_) : std::span<const JsonMember>();
}

const Json* Json::find(std::string_view name) const {
  const auto all = members();
  const auto found = std::ranges::lower_bound(all, name, {}, &JsonMember::name);
  return found == all.end() || found->name != name ? nullptr : &found->value;
}

void Json::write(std::string& out) const {
  switch (kind_) {
    case Kind::null:
      out += "null";
      break;
    case Kind::boolean:
      out += boolean() ? "true" : "false";
      break;
    case Kind::integer:
    case Kind::number:
      out.append(text_, size_);
      break;
    case Kind::text:
      append_quoted(out, text());
      break;
    case Kind::array:
      out += '[';
      for (std::size_t i = 0; i < size_; ++i) {
        if (i > 0) out += ',';
        items_[i].write(out);
      }
      out += ']';
      break;
    case Kind::object:
      out += '{';
      for (std::size_t i = 0; i < size_; ++i) {
        if (i > 0) out += ',';
        append_quoted(out, members_[i].name);
        out += ':';
        members_[i].value.write(out);
      }
      out += '}';
      break;
  }
}

std::string Json::dump() const {
  std::string out;
  write(out);
  return out;
}

}  // namespace loquat::dbt
