#include "json_reader.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>

#include "loquat/base/utf8.hpp"

namespace loquat::wire {
namespace {

/// Bytes of a string that are no plain ASCII text.
constexpr std::array<bool, 256> make_special() {
  std::array<bool, 256> special{};
  for (std::size_t i = 0; i < special.size(); ++i)
    special[i] = i < 0x20 || i >= 0x80 || i == '"' || i == '\\';
  return special;
}
constexpr auto kSpecial = make_special();

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string pointer_token(std::string_view key) {  // RFC 6901, section 3
  std::string out = "/";
  for (const char c : key) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

void append_utf8(std::string& out, unsigned code) {
  const auto put = [&out](unsigned byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0U | (code >> 6U));
  } else if (code < 0x10000) {
    put(0xE0U | (code >> 12U));
    put(0x80U | ((code >> 6U) & 0x3FU));
  } else {
    put(0xF0U | (code >> 18U));
    put(0x80U | ((code >> 12U) & 0x3FU));
    put(0x80U | ((code >> 6U) & 0x3FU));
  }
  put(0x80U | (code & 0x3FU));
}

}  // namespace

/// The names of one object: few are compared, many looked up.
struct JsonReader::Names {
  static constexpr std::size_t kLinear = 16;
  std::optional<std::set<std::string, std::less<>>>
      set;  // not hashed: keys cannot be made to collide
  bool add(const JsonNode& object, const std::string& name) {
    if (object.members.size() < kLinear) return object.find(name) == nullptr;
    if (!set) {
      set.emplace();
      for (const auto& [known, _] : object.members) set->insert(known);
    }
    return set->insert(name).second;
  }
};

bool JsonReader::read(JsonNode& root) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (std::string_view(at_, end_).starts_with(kByteOrderMark)) at_ += kByteOrderMark.size();
  skip_blanks();
  if (!value(root)) return false;
  skip_blanks();
  return at_ == end_ || malformed(at_);
}

bool JsonReader::value(JsonNode& node) {
  if (at_ == end_) return malformed(at_);
  const char first = *at_;
  if ((first == '{' || first == '[') && depth_ >= limits_.depth_max)
    return stop("The body nests deeper than " + std::to_string(limits_.depth_max) + " levels.");
  if (++values_ > limits_.values_max)
    return stop("The body holds more than " + std::to_string(limits_.values_max) + " values.");
  switch (first) {
    case '{':
      return object(node);
    case '[':
      return array(node);
    case '"':
      node.kind = JsonNode::Kind::string;
      return string(node.string);
    case 't':
    case 'f':
      node.kind = JsonNode::Kind::boolean;
      node.boolean = first == 't';
      return literal(first == 't' ? "true" : "false");
    case 'n':
      return literal("null");
    default:
      return number(node);
  }
}

bool JsonReader::object(JsonNode& node) {
  node.kind = JsonNode::Kind::object;
  ++depth_;
  ++at_;
  if (skip_to('}')) return --depth_, true;
  Names names;
  do {
    skip_blanks();
    if (!member(node, names)) return false;
  } while (skip_to(','));
  --depth_;
  return skip_to('}') || malformed(at_);
}

bool JsonReader::member(JsonNode& node, Names& names) {
  if (at_ == end_ || *at_ != '"') return malformed(at_);
  std::string name;
  if (!string(name)) return false;
  if (!names.add(node, name)) return repeated(name);
  if (!skip_to(':')) return malformed(at_);
  skip_blanks();
  auto& members = node.members;
  if (members.empty()) members.reserve(4);
  auto& made = members.emplace_back();
  made.key = std::move(name);
  return value(made.value) || failed_in(made.key);
}

bool JsonReader::array(JsonNode& node) {
  node.kind = JsonNode::Kind::array;
  ++depth_;
  ++at_;
  if (skip_to(']')) return --depth_, true;
  do {
    skip_blanks();
    if (!value(node.items.emplace_back())) return failed_in(std::to_string(node.items.size() - 1));
  } while (skip_to(','));
  --depth_;
  return skip_to(']') || malformed(at_);
}

bool JsonReader::literal(std::string_view word) {
  for (const char c : word) {
    if (at_ == end_ || *at_ != c) return malformed(at_);
    ++at_;
  }
  return true;
}

bool JsonReader::number(JsonNode& node) {
  const char* const from = at_;
  const auto digits = [this] {
    const char* const first = at_;
    while (at_ != end_ && is_digit(*at_)) ++at_;
    return at_ != first;
  };
  const bool is_negative = *at_ == '-';
  if (is_negative) ++at_;
  if (at_ == end_ || !is_digit(*at_)) return malformed(at_);
  if (*at_ == '0')
    ++at_;
  else
    digits();
  bool is_whole = true;
  if (at_ != end_ && *at_ == '.') {
    is_whole = false;
    ++at_;
    if (!digits()) return malformed(at_);
  }
  if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
    is_whole = false;
    ++at_;
    if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    if (!digits()) return malformed(at_);
  }
  if (!is_whole) return real(node, from);
  const auto [_, ec] = std::from_chars(from, at_, node.integer);
  if (ec != std::errc()) return real(node, from);  // too large for an integer
  node.kind = JsonNode::Kind::integer;
  node.number = static_cast<double>(node.integer);
  return true;
}

bool JsonReader::real(JsonNode& node, const char* from) {
  node.kind = JsonNode::Kind::number;
  node.integer = 0;
  const auto [_, ec] = std::from_chars(from, at_, node.number);
  if (ec == std::errc()) return true;
  // Too small counts as the nearest there is; too large is no number.
  node.number = std::strtod(std::string(from, at_).c_str(), nullptr);
  return std::isfinite(node.number) || malformed(at_);
}

bool JsonReader::string(std::string& out) {
  ++at_;  // the quote
  for (;;) {
    const char* const from = at_;
    bool is_ascii = true;
    while (at_ != end_) {
      const auto byte = static_cast<unsigned char>(*at_);
      if (kSpecial[byte]) {
        if (byte < 0x80) break;
        is_ascii = false;
      }
      ++at_;
    }
    const std::string_view plain(from, at_);
    if (!is_ascii && !is_utf8(plain)) return malformed(from);
    if (at_ == end_ || static_cast<unsigned char>(*at_) < 0x20) return malformed(at_);
    out.append(plain);
    if (*at_++ == '"') return true;
    if (!escape(out)) return false;
  }
}

bool JsonReader::escape(std::string& out) {
  if (at_ == end_) return malformed(at_);
  constexpr std::string_view kLetters = "\"\\/bfnrt";
  constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
  const char letter = *at_++;
  if (const auto known = kLetters.find(letter); known != std::string_view::npos) {
    out += kMeant[known];
    return true;
  }
  if (letter != 'u') return malformed(at_ - 1);
  unsigned unit = 0;
  if (!code_unit(unit)) return false;
  if (unit >= 0xDC00 && unit <= 0xDFFF) return malformed(at_ - 1);  // a low surrogate alone
  if (unit >= 0xD800 && unit <= 0xDBFF) {
    unsigned low = 0;
    if (end_ - at_ < 2 || at_[0] != '\\' || at_[1] != 'u') return malformed(at_);
    at_ += 2;
    if (!code_unit(low)) return false;
    if (low < 0xDC00 || low > 0xDFFF) return malformed(at_ - 1);
    unit = 0x10000U + ((unit - 0xD800U) << 10U) + (low - 0xDC00U);
  }
  append_utf8(out, unit);
  return true;
}

bool JsonReader::code_unit(unsigned& unit) {
  if (end_ - at_ < 4) return malformed(end_);
  const auto [last, ec] = std::from_chars(at_, at_ + 4, unit, 16);
  if (ec != std::errc() || last != at_ + 4) return malformed(at_);
  at_ += 4;
  return true;
}

bool JsonReader::skip_to(char c) {
  skip_blanks();
  if (at_ == end_ || *at_ != c) return false;
  ++at_;
  return true;
}

void JsonReader::skip_blanks() {
  while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
}

bool JsonReader::malformed(const char* at) {
  return stop("The body is not valid JSON at byte " + std::to_string(at - begin_ + 1) + ".");
}

bool JsonReader::stop(std::string detail) {
  problem = fail(Errc::invalid_request, std::move(detail));
  return false;
}

bool JsonReader::repeated(std::string_view name) {
  const auto clipped = clip_utf8(name, 64);
  stop("The key " + quote_json(clipped) + " stands twice in one object.");
  problem.fields.push_back({pointer_token(clipped), "stands twice"});
  return false;
}

bool JsonReader::failed_in(std::string_view token) {
  for (auto& issue : problem.fields) issue.pointer.insert(0, pointer_token(token));
  return false;
}

}  // namespace loquat::wire
