#include "loquat/wire/json.hpp"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "loquat/base/utf8.hpp"

namespace loquat::wire {
namespace {

/// Builds the tree under nlohmann's SAX parser and stops at the first broken limit.
class TreeBuilder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  TreeBuilder(const JsonLimits& limits, JsonNode& root) : limits_(limits), root_(root) {}
  Error problem = fail(Errc::invalid_request, "The body is not valid JSON.");

  bool null() override {
    return place([](JsonNode&) {});
  }
  bool boolean(bool value) override {
    return place([&](JsonNode& n) { n.kind = JsonNode::Kind::boolean, n.boolean = value; });
  }
  bool number_integer(number_integer_t value) override { return integer(value); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max()))
      return number_float(static_cast<double>(value), {});
    return integer(static_cast<std::int64_t>(value));
  }
  bool number_float(number_float_t value, const string_t&) override {
    return place([&](JsonNode& n) { n.kind = JsonNode::Kind::number, n.number = value; });
  }
  bool string(string_t& value) override {
    return place(
        [&](JsonNode& n) { n.kind = JsonNode::Kind::string, n.string = std::move(value); });
  }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(JsonNode::Kind::object); }
  bool start_array(std::size_t) override { return open(JsonNode::Kind::array); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    auto& top = stack_.back();
    const bool repeated =
        top.keys.empty() ? top.node->find(name) != nullptr : !top.keys.insert(name).second;
    if (repeated) {
      std::string pointer = place_of_top() + '/' + escaped(clip_utf8(name, 64));
      stop("The key " + quote_json(clip_utf8(name, 64)) + " stands twice in one object.");
      problem.fields.push_back({std::move(pointer), "stands twice"});
      return false;
    }
    if (top.node->members.size() == kLinearKeys) {
      for (const auto& [known, _] : top.node->members) top.keys.insert(known);
      top.keys.insert(name);
    }
    key_ = std::move(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    return stop("The body is not valid JSON at byte " + std::to_string(position) + ".");
  }

 private:
  static constexpr std::size_t kLinearKeys = 16;  // past this a set finds repeated keys
  struct Level {
    JsonNode* node;
    std::unordered_set<std::string> keys;
  };

  /// JSON pointer (RFC 6901) of the object being read.
  std::string place_of_top() const {
    std::string pointer;
    for (std::size_t i = 0; i + 1 < stack_.size(); ++i) {
      const JsonNode& parent = *stack_[i].node;
      pointer += '/';
      pointer += parent.kind == JsonNode::Kind::array ? std::to_string(parent.items.size() - 1)
                                                      : escaped(parent.members.back().key);
    }
    return pointer;
  }
  static std::string escaped(std::string_view key) {
    std::string out;
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
  bool stop(std::string detail) {
    problem = fail(Errc::invalid_request, std::move(detail));
    return false;
  }
  bool integer(std::int64_t value) {
    return place([&](JsonNode& n) {
      n.kind = JsonNode::Kind::integer, n.integer = value, n.number = static_cast<double>(value);
    });
  }
  JsonNode* slot() {
    if (++values_ > limits_.values_max) {
      stop("The body holds more than " + std::to_string(limits_.values_max) + " values.");
      return nullptr;
    }
    if (stack_.empty()) return &root_;
    JsonNode& parent = *stack_.back().node;
    if (parent.kind == JsonNode::Kind::array) return &parent.items.emplace_back();
    return &parent.members.emplace_back(JsonMember{std::move(key_), {}}).value;
  }
  template <class Fill>
  bool place(Fill fill) {
    JsonNode* node = slot();
    if (node == nullptr) return false;
    fill(*node);
    return true;
  }
  bool open(JsonNode::Kind kind) {
    if (stack_.size() >= limits_.depth_max)
      return stop("The body nests deeper than " + std::to_string(limits_.depth_max) + " levels.");
    JsonNode* node = slot();
    if (node == nullptr) return false;
    node->kind = kind;
    stack_.push_back({node, {}});
    return true;
  }
  bool close() {
    stack_.pop_back();
    return true;
  }

  const JsonLimits& limits_;
  JsonNode& root_;
  std::vector<Level> stack_;
  std::string key_;
  std::size_t values_ = 0;
};

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

void append_quoted(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  std::size_t plain = 0;
  const auto flush = [&](std::size_t end) { out.append(text, plain, end - plain); };
  for (std::size_t i = 0; i < text.size(); ++i) {
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
  // nlohmann takes a NUL for the end of the text, whatever follows; JSON has it nowhere unescaped.
  if (const auto at = text.find('\0'); at != std::string_view::npos)
    return fail(Errc::invalid_request,
                "The body has a NUL character at byte " + std::to_string(at) + ".");
  JsonNode root;
  TreeBuilder builder(limits, root);
  // nlohmann checks UTF-8 while it reads strings; outside strings nothing above ASCII is valid
  // JSON.
  if (!nlohmann::json::sax_parse(text, &builder)) return builder.problem;
  return root;
}

void JsonWriter::separate() {
  if (!fresh_) out_ += ',';
  fresh_ = false;
}
void JsonWriter::key(std::string_view name) {
  separate();
  append_quoted(out_, name);
  out_ += ':';
  fresh_ = true;
}
void JsonWriter::value(std::string_view text) {
  separate();
  is_utf8(text) ? append_quoted(out_, text) : append_quoted(out_, repaired(text));
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
