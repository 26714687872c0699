#pragma once
// long: encoder, decoder and schema writer visit the same kinds of members and change together.
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "loquat/base/enum_names.hpp"
#include "loquat/base/fields.hpp"
#include "loquat/base/result.hpp"
#include "loquat/base/time_format.hpp"
#include "loquat/wire/json.hpp"

/// Codec, validation and JSON Schema from one declaration per message: `template <class V> void
/// fields(V&)`. Kinds of members: bool, integers, double, std::string, enums with EnumNames,
/// WallTime, Date, milliseconds, RawJson (any JSON), structs with fields, std::optional,
/// std::vector and std::map<std::string, T> of these.
namespace loquat::wire {

template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};
template <class T>
struct is_vector : std::false_type {};
template <class T>
struct is_vector<std::vector<T>> : std::true_type {};
template <class T>
struct is_map : std::false_type {};
template <class T>
struct is_map<std::map<std::string, T>> : std::true_type {};

// ---- encode
// -----------------------------------------------------------------------------------------------
struct EncodeFields;

template <class T>
void encode_value(JsonWriter& out, const T& value);

struct EncodeFields {
  JsonWriter& out;
  template <class T, class... A>
  void operator()(std::string_view name, T& member, std::string_view, A&&...) {
    if constexpr (is_optional<T>::value) {
      if (!member) return;
      out.key(name);
      encode_value(out, *member);
    } else {
      out.key(name);
      encode_value(out, member);
    }
  }
};

template <class T>
void encode_value(JsonWriter& out, const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    out.value(value);
  } else if constexpr (std::is_integral_v<T>) {
    if constexpr (std::is_signed_v<T>)
      out.value(static_cast<std::int64_t>(value));
    else
      out.value(static_cast<std::uint64_t>(value));
  } else if constexpr (std::is_floating_point_v<T>) {
    out.value(static_cast<double>(value));
  } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>) {
    out.value(std::string_view(value));
  } else if constexpr (NamedEnum<T>) {
    out.value(name_of(value));
  } else if constexpr (std::is_same_v<T, WallTime>) {
    out.value(format_rfc3339(value));
  } else if constexpr (std::is_same_v<T, Date>) {
    out.value(format_date(value));
  } else if constexpr (std::is_same_v<T, std::chrono::milliseconds>) {
    out.value(static_cast<std::int64_t>(value.count()));
  } else if constexpr (std::is_same_v<T, RawJson>) {
    out.raw(value.text.empty() ? std::string_view("null") : std::string_view(value.text));
  } else if constexpr (is_optional<T>::value) {
    value ? encode_value(out, *value) : out.null();
  } else if constexpr (is_vector<T>::value) {
    out.begin_array();
    for (const auto& item : value)
      encode_value(out, static_cast<const typename T::value_type&>(item));
    out.end_array();
  } else if constexpr (is_map<T>::value) {
    out.begin_object();
    for (const auto& [key, item] : value) {
      out.key(key);
      encode_value(out, item);
    }
    out.end_object();
  } else {
    static_assert(HasFields<T>, "a message lists its fields");
    out.begin_object();
    EncodeFields visitor{out};
    // The field list is one function for reading and writing; encoding never changes the members.
    const_cast<T&>(value).fields(visitor);
    out.end_object();
  }
}

template <class T>
[[nodiscard]] std::string encode(const T& message) {
  std::string text;
  text.reserve(512);
  JsonWriter out(text);
  encode_value(out, message);
  return text;
}

// ---- decode
// -----------------------------------------------------------------------------------------------
/// Collects what is wrong, each with its JSON pointer, and the names that nobody knows.
class DecodeContext {
 public:
  std::vector<FieldIssue> issues;
  std::vector<std::string> unknown;  ///< pointers of members that no field claims

  void push(std::string_view token);
  void pop();
  void issue(std::string message);
  void wrong_kind(std::string_view wanted, const JsonNode& got);
  [[nodiscard]] const std::string& pointer() const noexcept { return pointer_; }

 private:
  std::string pointer_;
  std::vector<std::size_t> marks_;
};

void check_text(DecodeContext& context, std::string_view text, const FieldAttributes& attributes);
void check_number(DecodeContext& context, double number, const FieldAttributes& attributes);
[[nodiscard]] std::string list_names(const std::vector<std::string_view>& names);

template <class T>
void decode_value(DecodeContext& context, const JsonNode& node, T& value,
                  const FieldAttributes& attributes);

struct DecodeFields {
  DecodeContext& context;
  const JsonNode& object;
  std::vector<std::string_view> known;

  template <class T, class... A>
  void operator()(std::string_view name, T& member, std::string_view, A&&... attribute) {
    known.push_back(name);
    const FieldAttributes attributes = collect_attributes(std::forward<A>(attribute)...);
    const JsonNode* node = object.find(name);
    context.push(name);
    if (node == nullptr || (node->kind == JsonNode::Kind::null && !std::is_same_v<T, RawJson>)) {
      if (!is_optional<T>::value && !attributes.defaulted) context.issue("is required");
    } else {
      decode_value(context, *node, member, attributes);
    }
    context.pop();
  }
};

template <class T>
void decode_value(DecodeContext& context, const JsonNode& node, T& value,
                  const FieldAttributes& attributes) {
  using Kind = JsonNode::Kind;
  if constexpr (std::is_same_v<T, bool>) {
    if (node.kind != Kind::boolean) return context.wrong_kind("a boolean", node);
    value = node.boolean;
  } else if constexpr (std::is_integral_v<T>) {
    if (node.kind != Kind::integer) return context.wrong_kind("an integer", node);
    if (!std::in_range<T>(node.integer)) return context.issue("is out of range");
    check_number(context, node.number, attributes);
    value = static_cast<T>(node.integer);
  } else if constexpr (std::is_floating_point_v<T>) {
    if (node.kind != Kind::integer && node.kind != Kind::number)
      return context.wrong_kind("a number", node);
    check_number(context, node.number, attributes);
    value = static_cast<T>(node.number);
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (node.kind != Kind::string) return context.wrong_kind("a string", node);
    check_text(context, node.string, attributes);
    value = node.string;
  } else if constexpr (NamedEnum<T>) {
    if (node.kind != Kind::string) return context.wrong_kind("a string", node);
    if (const auto known = enum_from<T>(node.string)) {
      value = *known;
    } else {
      std::vector<std::string_view> names;
      for (const auto& [_, name] : EnumNames<T>::names) names.push_back(name);
      context.issue("must be one of " + list_names(names));
    }
  } else if constexpr (std::is_same_v<T, WallTime>) {
    if (node.kind != Kind::string) return context.wrong_kind("an RFC 3339 time", node);
    const auto time = parse_rfc3339(node.string);
    if (!time) return context.issue("must be an RFC 3339 time, e.g. 2025-12-31T23:59:59.000Z");
    value = *time;
  } else if constexpr (std::is_same_v<T, Date>) {
    if (node.kind != Kind::string) return context.wrong_kind("a date", node);
    const auto date = parse_date(node.string);
    if (!date) return context.issue("must be a date, e.g. 2025-12-31");
    value = *date;
  } else if constexpr (std::is_same_v<T, std::chrono::milliseconds>) {
    if (node.kind != Kind::integer && node.kind != Kind::number)
      return context.wrong_kind("a number of milliseconds", node);
    check_number(context, node.number, attributes);
    value = std::chrono::milliseconds(static_cast<std::int64_t>(node.number));
  } else if constexpr (std::is_same_v<T, RawJson>) {
    value.text = node.dump();
    if (attributes.length_max && value.text.size() > *attributes.length_max)
      context.issue("is longer than " + std::to_string(*attributes.length_max) + " bytes");
  } else if constexpr (is_optional<T>::value) {
    if (node.kind == Kind::null) return value.reset();
    decode_value(context, node, value.emplace(), attributes);
  } else if constexpr (is_vector<T>::value) {
    if (node.kind != Kind::array) return context.wrong_kind("an array", node);
    if (attributes.length_max && node.items.size() > *attributes.length_max)
      return context.issue("has more than " + std::to_string(*attributes.length_max) + " items");
    if (node.items.size() < attributes.length_min)
      return context.issue("has fewer than " + std::to_string(attributes.length_min) + " items");
    FieldAttributes item_attributes = attributes;
    item_attributes.length_min = 0;
    item_attributes.length_max.reset();
    value.clear();
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      context.push(std::to_string(i));
      typename T::value_type item{};
      decode_value(context, node.items[i], item, item_attributes);
      value.push_back(std::move(item));
      context.pop();
    }
  } else if constexpr (is_map<T>::value) {
    if (node.kind != Kind::object) return context.wrong_kind("an object", node);
    if (attributes.length_max && node.members.size() > *attributes.length_max)
      return context.issue("has more than " + std::to_string(*attributes.length_max) + " members");
    value.clear();
    for (const auto& [key, item] : node.members) {
      context.push(key);
      decode_value(context, item, value[key], FieldAttributes{});
      context.pop();
    }
  } else {
    static_assert(HasFields<T>, "a message lists its fields");
    if (node.kind != Kind::object) return context.wrong_kind("an object", node);
    DecodeFields visitor{context, node, {}};
    value.fields(visitor);
    for (const auto& [key, _] : node.members) {
      bool is_known = false;
      for (const auto& name : visitor.known) is_known = is_known || name == key;
      if (is_known) continue;
      context.push(key);
      context.unknown.push_back(context.pointer());
      context.pop();
    }
  }
}

template <class T>
struct Decoded {
  T message;
  std::vector<std::string> unknown;  ///< pointers of ignored members, for a warning
};

/// Errors: invalid_request with one FieldIssue per wrong field, or what parse_json says.
template <class T>
[[nodiscard]] Result<Decoded<T>> decode_node(const JsonNode& node) {
  Decoded<T> decoded{};
  DecodeContext context;
  decode_value(context, node, decoded.message, FieldAttributes{});
  if (!context.issues.empty()) {
    Error error = fail(Errc::invalid_request, "The body does not match its schema.");
    error.fields = std::move(context.issues);
    return error;
  }
  decoded.unknown = std::move(context.unknown);
  return decoded;
}
template <class T>
[[nodiscard]] Result<Decoded<T>> decode(std::string_view text, const JsonLimits& limits = {}) {
  auto node = parse_json(text, limits);
  if (!node) return node.error();
  return decode_node<T>(*node);
}

// ---- JSON Schema (draft 2020-12)
// ----------------------------------------------------------------------------
template <class T>
void schema_value(JsonWriter& out, const FieldAttributes& attributes, std::string_view text);

void schema_bounds(JsonWriter& out, const FieldAttributes& attributes, std::string_view kind);

struct SchemaFields {
  JsonWriter& out;
  std::vector<std::string>& required;
  template <class T, class... A>
  void operator()(std::string_view name, T&, std::string_view text, A&&... attribute) {
    const FieldAttributes attributes = collect_attributes(std::forward<A>(attribute)...);
    if (!is_optional<T>::value && !attributes.defaulted) required.emplace_back(name);
    out.key(name);
    schema_value<T>(out, attributes, text);
  }
};

template <class T>
void schema_object(JsonWriter& out) {
  std::vector<std::string> required;
  out.key("type");
  out.value("object");
  out.key("properties");
  out.begin_object();
  T sample{};
  SchemaFields visitor{out, required};
  sample.fields(visitor);
  out.end_object();
  out.key("required");
  encode_value(out, required);
}

template <class T>
void schema_value(JsonWriter& out, const FieldAttributes& attributes, std::string_view text) {
  if constexpr (is_optional<T>::value) {
    return schema_value<typename T::value_type>(out, attributes, text);
  } else {
    out.begin_object();
    if (!text.empty()) {
      out.key("description");
      out.value(text);
    }
    const auto type = [&](std::string_view name) {
      out.key("type");
      out.value(name);
      schema_bounds(out, attributes, name);
    };
    if constexpr (std::is_same_v<T, bool>) {
      type("boolean");
    } else if constexpr (std::is_integral_v<T>) {
      type("integer");
    } else if constexpr (std::is_floating_point_v<T> ||
                         std::is_same_v<T, std::chrono::milliseconds>) {
      type("number");
    } else if constexpr (std::is_same_v<T, std::string>) {
      type("string");
    } else if constexpr (std::is_same_v<T, WallTime>) {
      type("string");
      out.key("format");
      out.value("date-time");
    } else if constexpr (std::is_same_v<T, Date>) {
      type("string");
      out.key("format");
      out.value("date");
    } else if constexpr (NamedEnum<T>) {
      type("string");
      out.key("enum");
      out.begin_array();
      for (const auto& [_, name] : EnumNames<T>::names) out.value(name);
      out.end_array();
    } else if constexpr (std::is_same_v<T, RawJson>) {
      // Any JSON: no keyword at all.
    } else if constexpr (is_vector<T>::value) {
      type("array");
      FieldAttributes item = attributes;
      item.length_min = 0;
      item.length_max.reset();
      out.key("items");
      schema_value<typename T::value_type>(out, item, "");
    } else if constexpr (is_map<T>::value) {
      type("object");
      out.key("additionalProperties");
      schema_value<typename T::mapped_type>(out, FieldAttributes{}, "");
    } else {
      static_assert(HasFields<T>);
      schema_object<T>(out);
    }
    out.end_object();
  }
}

/// A whole schema document for `T` under `name` (title and $id `/schemas/<name>.json`).
template <class T>
[[nodiscard]] std::string json_schema(std::string_view name) {
  std::string text;
  JsonWriter out(text);
  out.begin_object();
  out.key("$schema");
  out.value("https://json-schema.org/draft/2020-12/schema");
  out.key("$id");
  out.value("/schemas/" + std::string(name) + ".json");
  out.key("title");
  out.value(name);
  schema_object<T>(out);
  out.end_object();
  return text;
}
/// The schema as an inline object, for OpenAPI and AsyncAPI components.
template <class T>
[[nodiscard]] std::string inline_schema() {
  std::string text;
  JsonWriter out(text);
  schema_value<T>(out, FieldAttributes{}, "");
  return text;
}

}  // namespace loquat::wire
