#include "loquat/config/value.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace loquat::config {
namespace {

struct Suffix {
  std::string_view name;
  std::int64_t factor;
};
constexpr std::array<Suffix, 8> kSizes{{{"KiB", 1LL << 10},
                                        {"MiB", 1LL << 20},
                                        {"GiB", 1LL << 30},
                                        {"TiB", 1LL << 40},
                                        {"kB", 1000},
                                        {"MB", 1'000'000},
                                        {"GB", 1'000'000'000},
                                        {"B", 1}}};
// The longest first: `show_duration` takes the first that divides.
constexpr std::array<Suffix, 7> kTimes{{{"d", 86'400'000'000'000},
                                        {"h", 3'600'000'000'000},
                                        {"m", 60'000'000'000},
                                        {"s", 1'000'000'000},
                                        {"ms", 1'000'000},
                                        {"us", 1000},
                                        {"ns", 1}}};

template <class N>
bool parse_whole(std::string_view text, N& out) {
  const auto* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, out);
  return error == std::errc() && stopped == end && !text.empty();
}
template <std::size_t N>
const Suffix* suffix_of(std::string_view text, const std::array<Suffix, N>& all) {
  const auto letters = text.find_last_of("0123456789.");
  const auto name = letters == std::string_view::npos ? text : text.substr(letters + 1);
  for (const auto& one : all)
    if (one.name == name) return &one;
  return nullptr;
}
void skip_blanks(std::string_view& rest) {
  while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t')) rest.remove_prefix(1);
}

/// `["a", "b"]` as people write lists in an environment. The outcome is a complaint.
Complaint take_array(std::string_view rest, std::vector<std::string>& out) {
  constexpr auto kWrong = "is no list; allowed: a,b or [\"a\", \"b\"]";
  const auto take = [&](char wanted) {
    skip_blanks(rest);
    const bool is_there = rest.starts_with(wanted);
    if (is_there) rest.remove_prefix(1);
    return is_there;
  };
  take('[');
  for (bool is_first = true; !take(']'); is_first = false) {
    if (!is_first && !take(',')) return kWrong;
    if (!take('"')) return kWrong;
    const auto end = rest.find('"');
    const auto one = rest.substr(0, end);
    if (end == std::string_view::npos || one.find('\\') != std::string_view::npos) return kWrong;
    out.emplace_back(one);
    rest.remove_prefix(end + 1);
  }
  skip_blanks(rest);
  return rest.empty() ? Complaint() : kWrong;
}

std::string bounds_text(std::string_view low, std::string_view high, std::string_view unit) {
  std::string text = "allowed: " + std::string(low) + " to " + std::string(high);
  if (!unit.empty()) text += " " + std::string(unit);
  return text;
}
std::chrono::nanoseconds from_milliseconds(double value) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(std::llround(value * 1e6)));
}
Complaint check_duration(std::chrono::nanoseconds value, const FieldAttributes& attributes) {
  const bool is_low = attributes.min && value < from_milliseconds(*attributes.min);
  const bool is_high = attributes.max && value > from_milliseconds(*attributes.max);
  if (!is_low && !is_high) return {};
  std::string allowed = "allowed: ";
  if (attributes.min) allowed += "from " + show_duration(from_milliseconds(*attributes.min));
  if (attributes.max) allowed += " to " + show_duration(from_milliseconds(*attributes.max));
  return show_duration(value) + " is out of bounds; " + allowed;
}

}  // namespace

std::string quote(std::string_view text) {
  std::string out = "'";
  bool is_plain_line = true;
  for (const char c : text)
    is_plain_line = is_plain_line && static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
  if (is_plain_line) {
    for (const char c : text) {
      out += c;
      if (c == '\'') out += c;
    }
    return out + "'";
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += "\\x";
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + "\"";
}

std::string show_duration(std::chrono::nanoseconds value) {
  if (value.count() == 0) return "0s";
  for (const auto& unit : kTimes)
    if (value.count() % unit.factor == 0)
      return std::to_string(value.count() / unit.factor) + std::string(unit.name);
  return std::to_string(value.count()) + "ns";
}

std::string show_number(double value) {
  std::array<char, 40> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), end.ptr};
}

Complaint take_text(const Value& value, std::string& out) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    out = *text;
    return {};
  }
  return std::holds_alternative<std::vector<std::string>>(value) ? "is a list; allowed: one value"
                                                                 : "is a map; allowed: one value";
}

Complaint take_list(const Value& value, std::vector<std::string>& out) {
  out.clear();
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
    out = *list;
    return {};
  }
  const auto* text = std::get_if<std::string>(&value);
  if (!text) return "is a map; allowed: a list, or values joined by commas";
  std::string_view rest = *text;
  skip_blanks(rest);
  // An address such as [::1]:9092 begins so too; an array's items stand in quotes.
  if (rest.starts_with('[') && rest.find('"') != std::string_view::npos)
    return take_array(rest, out);
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    std::string_view one = rest.substr(0, comma);
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
    if (!one.empty()) out.emplace_back(one);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  return {};
}

Complaint check_origin(std::string_view text) {
  const auto slashes = text.find("://");
  const auto host = slashes == std::string_view::npos ? "" : text.substr(slashes + 3);
  const bool is_plain = std::ranges::none_of(text, [](char c) {
    return c <= ' ' || c == 0x7f || (c >= 'A' && c <= 'Z') ||
           std::string_view("*?#@\"'\\").find(c) != std::string_view::npos;
  });
  const auto scheme = text.substr(0, slashes);
  const bool is_scheme =
      !scheme.empty() &&
      scheme.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+-.") == std::string_view::npos;
  if (is_plain && is_scheme && !host.empty() && host.find('/') == std::string_view::npos) return {};
  return quote(text) +
         " is no origin; allowed: what a browser sends, in small letters and without "
         "a path, such as https://app.example.com or http://localhost:5173";
}

Complaint read_bool(std::string_view text, bool& out) {
  if (text == "true" || text == "yes" || text == "on" || text == "1") {
    out = true;
  } else if (text == "false" || text == "no" || text == "off" || text == "0") {
    out = false;
  } else {
    return quote(text) + " is neither true nor false; allowed: true, false";
  }
  return {};
}

Complaint read_integer(std::string_view text, const FieldAttributes& attributes, std::int64_t low,
                       std::int64_t high, std::int64_t& out) {
  std::int64_t value = 0;
  const bool takes_sizes = attributes.unit == "bytes";
  if (!parse_whole(text, value)) {
    const auto* size = takes_sizes ? suffix_of(text, kSizes) : nullptr;
    const std::string_view digits = size ? text.substr(0, text.size() - size->name.size()) : "";
    if (!size || !parse_whole(digits, value) || __builtin_mul_overflow(value, size->factor, &value))
      return quote(text) + (takes_sizes ? " is no size; allowed: bytes, or such as 64KiB, 1MiB"
                                        : " is no whole number");
  }
  const auto number = static_cast<double>(value);
  const bool is_inside = value >= low && value <= high &&
                         (!attributes.min || number >= *attributes.min) &&
                         (!attributes.max || number <= *attributes.max);
  if (!is_inside) {
    const std::string least = attributes.min ? show_number(*attributes.min) : std::to_string(low);
    const std::string most = attributes.max ? show_number(*attributes.max) : std::to_string(high);
    return std::string(text) + " is out of bounds; " + bounds_text(least, most, attributes.unit);
  }
  out = value;
  return {};
}

Complaint read_number(std::string_view text, const FieldAttributes& attributes, double& out) {
  double value = 0;
  if (!parse_whole(text, value) || !std::isfinite(value)) return quote(text) + " is no number";
  if ((attributes.min && value < *attributes.min) || (attributes.max && value > *attributes.max))
    return std::string(text) + " is out of bounds; " +
           bounds_text(attributes.min ? show_number(*attributes.min) : "any",
                       attributes.max ? show_number(*attributes.max) : "any", attributes.unit);
  out = value;
  return {};
}

Complaint read_duration(std::string_view text, const FieldAttributes& attributes,
                        std::chrono::nanoseconds unit, std::chrono::nanoseconds& out) {
  std::int64_t factor = unit.count();
  std::string_view digits = text;
  if (const auto* suffix = suffix_of(text, kTimes)) {
    factor = suffix->factor;
    digits = text.substr(0, text.size() - suffix->name.size());
  }
  std::int64_t value = 0;
  if (!parse_whole(digits, value) || __builtin_mul_overflow(value, factor, &value))
    return quote(text) + " is no duration; allowed: a whole number in units of " +
           show_duration(unit) + ", or such as 200ms, 30s, 5m, 2h, 1d";
  const std::chrono::nanoseconds whole(value);
  if (value < 0) return quote(text) + " is negative; allowed: 0s and longer";
  if (whole % unit != std::chrono::nanoseconds::zero())
    return quote(text) + " is finer than this key counts; allowed: multiples of " +
           show_duration(unit);
  if (auto wrong = check_duration(whole, attributes)) return wrong;
  out = whole;
  return {};
}

Complaint check_length(std::size_t size, const FieldAttributes& attributes,
                       std::string_view of_what) {
  if (size < attributes.length_min)
    return "has " + std::to_string(size) + " " + std::string(of_what) + "; allowed: at least " +
           std::to_string(attributes.length_min);
  if (attributes.length_max && size > *attributes.length_max)
    return "has " + std::to_string(size) + " " + std::string(of_what) + "; allowed: at most " +
           std::to_string(*attributes.length_max);
  return {};
}

Complaint check_one_of(std::string_view text, const std::vector<std::string_view>& allowed) {
  if (std::ranges::find(allowed, text) != allowed.end()) return {};
  std::string message = quote(text) + " is not known; allowed: ";
  for (std::size_t i = 0; i < allowed.size(); ++i) {
    if (i > 0) message += ", ";
    message += allowed[i];
  }
  return message;
}

}  // namespace loquat::config
