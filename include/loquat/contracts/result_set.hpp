#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "loquat/base/enum_names.hpp"
#include "loquat/base/time_format.hpp"

namespace loquat::contracts {

/// What a column holds, in words that every engine's types map to.
enum class ColumnType { boolean, integer, number, decimal, text, date, timestamp, other };
/// What a column is for in an answer.
enum class ColumnRole { metric, dimension, time, derived };

struct Column {
  std::string name;   ///< dbt's name, e.g. `metric_time__month`
  std::string label;  ///< for people
  ColumnType type = ColumnType::other;
  ColumnRole role = ColumnRole::dimension;
  std::string native_type;  ///< the engine's own, e.g. `DECIMAL(38,2)`
};

/// One value. Decimals and wide integers come as the nearest double, timestamps as ISO text without
/// zone
/// (`2025-01-01T00:00:00`), dates as `2025-01-01`, everything else that has no own kind as text.
using Cell = std::variant<std::monostate, bool, std::int64_t, double, std::string>;
using Row = std::vector<Cell>;

struct ResultSet {
  std::vector<Column> columns;
  std::vector<Row> rows;
  bool truncated = false;  ///< the engine had more than the row limit
  /// Set when an older result stands in for an engine that is away.
  std::optional<double> age_ms{};
  /// Set when a kept result of the same statement over the same data answered: how old it is.
  std::optional<double> cached_ms{};
};

[[nodiscard]] inline bool is_null(const Cell& cell) noexcept {
  return std::holds_alternative<std::monostate>(cell);
}
/// A number in the cell as double; nothing for text, null and boolean.
[[nodiscard]] inline bool as_number(const Cell& cell, double& out) noexcept {
  if (const auto* i = std::get_if<std::int64_t>(&cell)) return out = static_cast<double>(*i), true;
  if (const auto* d = std::get_if<double>(&cell)) return out = *d, true;
  return false;
}

}  // namespace loquat::contracts

namespace loquat {
LOQUAT_ENUM(contracts::ColumnType, 8,
            {{{contracts::ColumnType::boolean, "boolean"},
              {contracts::ColumnType::integer, "integer"},
              {contracts::ColumnType::number, "number"},
              {contracts::ColumnType::decimal, "decimal"},
              {contracts::ColumnType::text, "text"},
              {contracts::ColumnType::date, "date"},
              {contracts::ColumnType::timestamp, "timestamp"},
              {contracts::ColumnType::other, "other"}}});
LOQUAT_ENUM(contracts::ColumnRole, 4,
            {{{contracts::ColumnRole::metric, "metric"},
              {contracts::ColumnRole::dimension, "dimension"},
              {contracts::ColumnRole::time, "time"},
              {contracts::ColumnRole::derived, "derived"}}});
}  // namespace loquat
