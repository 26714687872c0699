#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loquat/base/result.hpp"

namespace loquat::wire {

/// A valid JSON value as text, carried through encoders as it is. Empty means null.
struct RawJson {
  std::string text;
  bool operator==(const RawJson&) const = default;
};

struct JsonMember;

/// A parsed JSON value: a small tree, bounded when it was made.
class JsonNode {
 public:
  enum class Kind { null, boolean, integer, number, string, array, object };
  Kind kind = Kind::null;
  bool boolean = false;
  std::int64_t integer = 0;  ///< valid for integer
  double number = 0;         ///< valid for integer and number
  std::string string;
  std::vector<JsonNode> items;      ///< array
  std::vector<JsonMember> members;  ///< object, in the order written

  JsonNode();
  ~JsonNode();
  JsonNode(const JsonNode&);
  JsonNode(JsonNode&&) noexcept;
  JsonNode& operator=(const JsonNode&);
  JsonNode& operator=(JsonNode&&) noexcept;

  /// Null if this is no object or has no such member.
  [[nodiscard]] const JsonNode* find(std::string_view key) const noexcept;
  /// Compact text of the subtree.
  [[nodiscard]] std::string dump() const;
};

struct JsonMember {
  std::string key;
  JsonNode value;
};

[[nodiscard]] std::string_view name_of_kind(JsonNode::Kind kind) noexcept;

struct JsonLimits {
  std::size_t bytes_max = 1 << 20;
  std::size_t depth_max = 32;
  std::size_t values_max = 100'000;
};

/// Reads one JSON text (RFC 8259). Errors: payload_too_large for the byte limit; invalid_request,
/// with the place, for malformed text, invalid UTF-8, a repeated key, too deep or too many values.
[[nodiscard]] Result<JsonNode> parse_json(std::string_view text, const JsonLimits& limits = {});

/// Appends JSON to a string. The caller keeps begin and end in balance; commas are ours.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}
  void begin_object() { separate(), out_ += '{', fresh_ = true; }
  void end_object() { out_ += '}', fresh_ = false; }
  void begin_array() { separate(), out_ += '[', fresh_ = true; }
  void end_array() { out_ += ']', fresh_ = false; }
  void key(std::string_view name);
  void value(std::string_view text);  ///< invalid UTF-8 is replaced by U+FFFD
  void value(const char* text) { value(std::string_view(text)); }
  void value(const std::string& text) { value(std::string_view(text)); }
  void value(bool b);
  void value(std::int64_t i);
  void value(std::uint64_t i);
  void value(int i) { value(static_cast<std::int64_t>(i)); }
  void value(double d);  ///< shortest form; not finite becomes null
  void null();
  void raw(std::string_view json);

 private:
  void separate();
  std::string& out_;
  bool fresh_ = true;
};

/// `text` as a JSON string with its quotes.
[[nodiscard]] std::string quote_json(std::string_view text);

}  // namespace loquat::wire
