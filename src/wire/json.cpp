#include "loquat/wire/json.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "json_reader.hpp"
#include "loquat/base/utf8.hpp"

namespace loquat::wire {
namespace {

void write_node(JsonWriter& out, const JsonNode& node) {
  switch (node.kind) {
    case JsonNode::Kind::null:
      return out.null();
    case JsonNode::Kind::boolean:
      return out.value(node.boolean);
    case JsonNode::Kind::integer:
      return out.value(node.integer);
    case JsonNode::Kind::number:
      return out.value(node.number);
    case JsonNode::Kind::string:
      return out.value(node.string);
    case JsonNode::Kind::array:
      out.begin_array();
      for (const auto& item : node.items) write_node(out, item);
      return out.end_array();
    case JsonNode::Kind::object:
      out.begin_object();
      for (const auto& [key, item] : node.members) {
        out.key(key);
        write_node(out, item);
      }
      return out.end_object();
  }
}

/// How many bytes at the front are ASCII that stands in JSON as it is; looks at eight at a time.
std::size_t plain_prefix(std::string_view text) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101ULL, kHigh = 0x8080808080808080ULL;
  const auto has_zero = [](std::uint64_t x) { return (x - kOnes) & ~x & kHigh; };
  std::size_t i = 0;
  for (std::uint64_t eight = 0; text.size() - i >= sizeof eight; i += sizeof eight) {
    std::memcpy(&eight, text.data() + i, sizeof eight);
    const auto control = (eight - kOnes * 0x20) & ~eight & kHigh;
    if (((eight & kHigh) | control | has_zero(eight ^ kOnes * '"') |
         has_zero(eight ^ kOnes * '\\')) != 0)
      break;
  }
  for (; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') break;
  }
  return i;
}

/// `known`: so many bytes at the front need no look.
void append_quoted(std::string& out, std::string_view text, std::size_t known = 0) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  std::size_t plain = 0;
  const auto flush = [&](std::size_t end) { out.append(text, plain, end - plain); };
  for (std::size_t i = known; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    flush(i);
    plain = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += "\\u00";
        out += kHex[c >> 4U];
        out += kHex[c & 15U];
    }
  }
  flush(text.size());
  out += '"';
}

/// Replaces what is not UTF-8; only ever called for foreign text.
std::string repaired(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t length = 1;
    while (length <= 4 && i + length <= text.size() && !is_utf8(text.substr(i, length))) ++length;
    if (length <= 4 && i + length <= text.size()) {
      out.append(text, i, length);
      i += length;
    } else {
      out += "\xEF\xBF\xBD";
      ++i;
    }
  }
  return out;
}

}  // namespace

JsonNode::JsonNode() = default;
JsonNode::~JsonNode() = default;
JsonNode::JsonNode(const JsonNode&) = default;
JsonNode::JsonNode(JsonNode&&) noexcept = default;
JsonNode& JsonNode::operator=(const JsonNode&) = default;
JsonNode& JsonNode::operator=(JsonNode&&) noexcept = default;

const JsonNode* JsonNode::find(std::string_view key) const noexcept {
  if (kind != Kind::object) return nullptr;
  for (const auto& [name, node] : members)
    if (name == key) return &node;
  return nullptr;
}

std::string JsonNode::dump() const {
  std::string text;
  JsonWriter out(text);
  write_node(out, *this);
  return text;
}

std::string_view name_of_kind(JsonNode::Kind kind) noexcept {
  switch (kind) {
    case JsonNode::Kind::null:
      return "null";
    case JsonNode::Kind::boolean:
      return "a boolean";
    case JsonNode::Kind::integer:
      return "an integer";
    case JsonNode::Kind::number:
      return "a number";
    case JsonNode::Kind::string:
      return "a string";
    case JsonNode::Kind::array:
      return "an array";
    case JsonNode::Kind::object:
      return "an object";
  }
  return "null";
}

Result<JsonNode> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes_max)
    return fail(Errc::payload_too_large,
                "The body is larger than " + std::to_string(limits.bytes_max) + " bytes.");
  JsonNode root;
  JsonReader reader(text, limits);
  if (!reader.read(root)) return std::move(reader.problem);
  return root;
}

void JsonWriter::separate() {
  if (!fresh_) out_ += ',';
  fresh_ = false;
}
void JsonWriter::key(std::string_view name) {
  separate();
  append_quoted(out_, name, plain_prefix(name));
  out_ += ':';
  fresh_ = true;
}
void JsonWriter::value(std::string_view text) {
  separate();
  const std::size_t plain = plain_prefix(text);
  if (is_utf8(text.substr(plain)))
    append_quoted(out_, text, plain);
  else
    append_quoted(out_, repaired(text));
}
void JsonWriter::value(bool b) {
  separate();
  out_ += b ? "true" : "false";
}
void JsonWriter::value(std::int64_t i) {
  separate();
  out_ += std::to_string(i);
}
void JsonWriter::value(std::uint64_t i) {
  separate();
  out_ += std::to_string(i);
}
void JsonWriter::value(double d) {
  if (!std::isfinite(d)) return null();
  separate();
  if (d == 0) d = 0;  // `-0` would be read back as the integer 0
  char buffer[32];
  const auto [end, _] = std::to_chars(buffer, buffer + sizeof buffer, d);
  out_.append(buffer, end);
}
void JsonWriter::null() {
  separate();
  out_ += "null";
}
void JsonWriter::raw(std::string_view json) {
  separate();
  out_ += json;
}

std::string quote_json(std::string_view text) {
  std::string out;
  JsonWriter(out).value(text);
  return out;
}

}  // namespace loquat::wire
