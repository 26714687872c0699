#pragma once
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace loquat::dbt {

struct JsonMember;

/// A JSON value in the memory of its reader: texts without escapes are views of what was read. It
/// takes a fraction of the time and memory of a tree of owning values, and artifacts are large.
class Json {
 public:
  enum class Kind : std::uint8_t { null, boolean, integer, number, text, array, object };

  Json() = default;
  [[nodiscard]] bool is_null() const { return kind_ == Kind::null; }
  [[nodiscard]] bool is_boolean() const { return kind_ == Kind::boolean; }
  [[nodiscard]] bool is_integer() const { return kind_ == Kind::integer; }
  [[nodiscard]] bool is_number() const { return is_integer() || kind_ == Kind::number; }
  [[nodiscard]] bool is_string() const { return kind_ == Kind::text; }
  [[nodiscard]] bool is_array() const { return kind_ == Kind::array; }
  [[nodiscard]] bool is_object() const { return kind_ == Kind::object; }

  /// Of the kinds that they name; else false, 0, empty.
  [[nodiscard]] bool boolean() const { return is_boolean() && size_ != 0; }
  [[nodiscard]] std::int64_t integer() const;
  [[nodiscard]] double number() const;
  [[nodiscard]] std::string_view text() const;
  [[nodiscard]] std::span<const Json> items() const;
  /// By name; of a name that stands twice the last is there.
  [[nodiscard]] std::span<const JsonMember> members() const;
  /// nullptr: no such member, or no object.
  [[nodiscard]] const Json* find(std::string_view name) const;
  /// Members or items; 0 for everything else.
  [[nodiscard]] std::size_t size() const { return is_array() || is_object() ? size_ : 0; }

  /// Compact JSON, members by name, numbers as they were written.
  [[nodiscard]] std::string dump() const;

 private:
  friend class JsonParser;
  void write(std::string& out) const;
  union {
    const char* text_ = nullptr;  // of texts; of numbers as they were written
    const Json* items_;
    const JsonMember* members_;
  };
  std::uint32_t size_ = 0;
  Kind kind_ = Kind::null;
};
struct JsonMember {
  std::string_view name;
  Json value;
};

/// Reads one JSON text. What Python writes beside JSON is taken too: NaN and Infinity as null, half
/// a surrogate pair as the replacement character.
class JsonReader {
 public:
  /// The value lives as long as the reader and the text; nullptr: it is no JSON. Once.
  [[nodiscard]] const Json* read(std::string_view text);

 private:
  std::optional<std::pmr::monotonic_buffer_resource> memory_;
  Json root_;
};

}  // namespace loquat::dbt
