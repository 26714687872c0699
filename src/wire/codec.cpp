#include "loquat/wire/codec.hpp"

#include <algorithm>

namespace loquat::wire {
namespace {

std::string plain(double number) {
  std::string text;
  JsonWriter(text).value(number);
  return text;
}

}  // namespace

void DecodeContext::push(std::string_view token) {
  marks_.push_back(pointer_.size());
  pointer_ += '/';
  for (const char c : token) {  // RFC 6901, section 3
    if (c == '~')
      pointer_ += "~0";
    else if (c == '/')
      pointer_ += "~1";
    else
      pointer_ += c;
  }
}
void DecodeContext::pop() {
  pointer_.resize(marks_.back());
  marks_.pop_back();
}
void DecodeContext::issue(std::string message) { issues.push_back({pointer_, std::move(message)}); }
void DecodeContext::wrong_kind(std::string_view wanted, const JsonNode& got) {
  issue("must be " + std::string(wanted) + ", not " + std::string(name_of_kind(got.kind)));
}

std::string list_names(const std::vector<std::string_view>& names) {
  std::string text;
  for (const auto& name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

void check_text(DecodeContext& context, std::string_view text, const FieldAttributes& attributes) {
  if (text.size() < attributes.length_min)
    context.issue(attributes.length_min == 1
                      ? "must not be empty"
                      : "is shorter than " + std::to_string(attributes.length_min) + " bytes");
  if (attributes.length_max && text.size() > *attributes.length_max)
    context.issue("is longer than " + std::to_string(*attributes.length_max) + " bytes");
  if (!attributes.one_of.empty() &&
      std::ranges::find(attributes.one_of, text) == attributes.one_of.end())
    context.issue("must be one of " + list_names(attributes.one_of));
}

void check_number(DecodeContext& context, double number, const FieldAttributes& attributes) {
  if (attributes.min && number < *attributes.min)
    context.issue("must be at least " + plain(*attributes.min));
  if (attributes.max && number > *attributes.max)
    context.issue("must be at most " + plain(*attributes.max));
}

void schema_bounds(JsonWriter& out, const FieldAttributes& attributes, std::string_view kind) {
  const auto number = [&](std::string_view key, double value) {
    out.key(key);
    out.value(value);
  };
  if (kind == "integer" || kind == "number") {
    if (attributes.min) number("minimum", *attributes.min);
    if (attributes.max) number("maximum", *attributes.max);
  }
  const bool is_array = kind == "array";
  if (is_array || kind == "string") {
    if (attributes.length_min > 0)
      number(is_array ? "minItems" : "minLength", static_cast<double>(attributes.length_min));
    if (attributes.length_max)
      number(is_array ? "maxItems" : "maxLength", static_cast<double>(*attributes.length_max));
  }
  if (kind == "string" && !attributes.one_of.empty()) {
    out.key("enum");
    out.begin_array();
    for (const auto& name : attributes.one_of) out.value(name);
    out.end_array();
  }
  if (!attributes.format.empty()) {
    out.key("format");
    out.value(attributes.format);
  }
}

}  // namespace loquat::wire
