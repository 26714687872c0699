#include "values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace loquat::engine {
namespace {

using contracts::Cell;
using contracts::ColumnType;
using Kind = wire::JsonNode::Kind;
using namespace std::string_view_literals;

struct TypeWord {
  std::string_view word;
  ColumnType type;
};
constexpr std::array kTypes = {
    TypeWord{"boolean", ColumnType::boolean},   TypeWord{"bool", ColumnType::boolean},
    TypeWord{"tinyint", ColumnType::integer},   TypeWord{"smallint", ColumnType::integer},
    TypeWord{"integer", ColumnType::integer},   TypeWord{"int", ColumnType::integer},
    TypeWord{"bigint", ColumnType::integer},    TypeWord{"hugeint", ColumnType::integer},
    TypeWord{"long", ColumnType::integer},      TypeWord{"real", ColumnType::number},
    TypeWord{"float", ColumnType::number},      TypeWord{"double", ColumnType::number},
    TypeWord{"number", ColumnType::number},     TypeWord{"decimal", ColumnType::decimal},
    TypeWord{"numeric", ColumnType::decimal},   TypeWord{"varchar", ColumnType::text},
    TypeWord{"char", ColumnType::text},         TypeWord{"text", ColumnType::text},
    TypeWord{"string", ColumnType::text},       TypeWord{"uuid", ColumnType::text},
    TypeWord{"date", ColumnType::date},         TypeWord{"timestamp", ColumnType::timestamp},
    TypeWord{"datetime", ColumnType::timestamp}};

bool starts_with_word(std::string_view text, std::string_view word) {
  if (text.size() < word.size()) return false;
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  for (std::size_t i = 0; i < word.size(); ++i)
    if (lower(text[i]) != word[i]) return false;
  return text.size() == word.size() || text[word.size()] == '(' || text[word.size()] == ' ';
}

Cell number_of(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return std::monostate{};
  return value;
}

/// `2025-01-01 00:00:00.000 UTC` as `2025-01-01T00:00:00`.
std::string timestamp_of(std::string_view text) {
  std::string out(text.substr(0, std::min<std::size_t>(text.size(), 19)));
  if (out.size() < 19) return std::string(text);
  out[10] = 'T';
  std::size_t end = 19;
  if (end < text.size() && text[end] == '.') {
    ++end;
    while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
    std::string fraction(text.substr(19, end - 19));
    fraction.erase(fraction.find_last_not_of('0') + 1);
    if (fraction.size() > 1) out += fraction;
  }
  return out;
}

Cell cell_of_text(const std::string& text, ColumnType type) {
  switch (type) {
    case ColumnType::decimal:
    case ColumnType::number:
      return number_of(text);
    case ColumnType::integer: {
      std::int64_t value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error == std::errc() && end == text.data() + text.size()) return value;
      return number_of(text);
    }
    case ColumnType::timestamp:
      return timestamp_of(text);
    case ColumnType::date:
      return text.substr(0, 10);
    default:
      return text;
  }
}

}  // namespace

ColumnType column_type_of(std::string_view native) noexcept {
  for (const TypeWord& known : kTypes)
    if (starts_with_word(native, known.word)) return known.type;
  return ColumnType::other;
}

Cell cell_of(const wire::JsonNode& node, ColumnType type) {
  switch (node.kind) {
    case Kind::null:
      return std::monostate{};
    case Kind::boolean:
      return node.boolean;
    case Kind::integer:
      if (type == ColumnType::number || type == ColumnType::decimal) return node.number;
      return node.integer;
    case Kind::number:
      return node.number;
    case Kind::string:
      return cell_of_text(node.string, type);
    case Kind::array:
    case Kind::object:
      return node.dump();
  }
  return std::monostate{};
}

}  // namespace loquat::engine
