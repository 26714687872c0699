#include "loquat/agents/narration.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace loquat::agents {
namespace {

using contracts::Cell;
using contracts::Column;
using contracts::ColumnRole;
using contracts::ResultSet;
using Unit = std::optional<std::string>;

std::string with_thousands(double value, int decimals) {
  char buffer[64];
  static_cast<void>(std::snprintf(buffer, sizeof buffer, "%.*f", decimals, std::abs(value)));
  std::string digits = buffer;
  const std::size_t point = std::min(digits.find('.'), digits.size());
  for (std::size_t at = point; at > 3; at -= 3) digits.insert(at - 3, ",");
  return (value < 0 ? "−" : "") + digits;
}

std::size_t first_column(const ResultSet& rows, ColumnRole role) {
  for (std::size_t i = 0; i < rows.columns.size(); ++i)
    if (rows.columns[i].role == role) return i;
  return rows.columns.size();
}

std::string value_text(const Cell& cell, const Unit& unit) {
  double number = 0;
  return contracts::as_number(cell, number) ? format_number(number, unit) : format_cell(cell);
}

/// "Box" or "Box, Elm Hill": the groups of one row.
std::string group_of(const ResultSet& rows, const contracts::Row& row) {
  std::string text;
  for (std::size_t i = 0; i < rows.columns.size(); ++i) {
    const auto role = rows.columns[i].role;
    if (role != ColumnRole::dimension && role != ColumnRole::time) continue;
    if (!text.empty()) text += ", ";
    text += contracts::is_null(row[i]) ? "(none)" : format_cell(row[i]);
  }
  return text;
}

std::string narrate_single(const ResultSet& rows, const Unit& unit) {
  std::string text;
  for (std::size_t i = 0; i < rows.columns.size(); ++i) {
    if (i > 0) text += " ";
    const Cell& cell = rows.rows[0][i];
    // The unit is the first metric's: further columns are said bare.
    text += "**" + rows.columns[i].label + "**: " +
            (contracts::is_null(cell) ? "no data" : value_text(cell, i == 0 ? unit : Unit())) + ".";
  }
  return text;
}

struct Extremes {
  const contracts::Row* low = nullptr;
  const contracts::Row* high = nullptr;
};

Extremes extremes_of(const ResultSet& rows, std::size_t metric) {
  Extremes found;
  double low = 0;
  double high = 0;
  for (const auto& row : rows.rows) {
    double value = 0;
    if (!contracts::as_number(row[metric], value)) continue;
    if (found.low == nullptr || value < low) low = value, found.low = &row;
    if (found.high == nullptr || value > high) high = value, found.high = &row;
  }
  return found;
}

std::string row_text(const ResultSet& rows, const contracts::Row& row, std::size_t metric,
                     const Unit& unit) {
  return group_of(rows, row) + " (" + value_text(row[metric], unit) + ")";
}

}  // namespace

std::string format_number(double value, const Unit& unit) {
  const double size = std::abs(value);
  if (unit && (*unit == "ratio" || *unit == "percent" || *unit == "%"))
    return with_thousands(*unit == "ratio" ? value * 100 : value, 1) + " %";
  const bool is_whole = size < 1e15 && std::floor(value) == value;
  const int decimals = is_whole ? 0 : size >= 10 ? 2 : size >= 0.01 || size == 0 ? 3 : 6;
  std::string text = with_thousands(value, decimals);
  if (unit && !unit->empty()) text += " " + *unit;
  return text;
}

std::string format_cell(const Cell& cell) {
  struct Visitor {
    std::string operator()(std::monostate) const { return ""; }
    std::string operator()(bool b) const { return b ? "true" : "false"; }
    std::string operator()(std::int64_t i) const { return std::to_string(i); }
    std::string operator()(double d) const { return format_number(d, {}); }
    std::string operator()(const std::string& s) const {
      constexpr std::string_view kMidnight = "T00:00:00";
      return s.size() == 19 && s.ends_with(kMidnight) ? s.substr(0, 10) : s;
    }
  };
  return std::visit(Visitor{}, cell);
}

std::string narrate(const ResultSet& rows, const Unit& unit, bool is_ranked,
                    const std::string& style) {
  const std::size_t metric = first_column(rows, ColumnRole::metric);
  if (rows.rows.empty()) return "No rows match this question.";
  if (metric == rows.columns.size()) return std::to_string(rows.rows.size()) + " rows.";
  const bool is_grouped = first_column(rows, ColumnRole::dimension) < rows.columns.size() ||
                          first_column(rows, ColumnRole::time) < rows.columns.size();
  if (!is_grouped && rows.rows.size() == 1) return narrate_single(rows, unit);

  const std::string& label = rows.columns[metric].label;
  const Extremes ends = extremes_of(rows, metric);
  if (ends.high == nullptr)
    return "**" + label + "**: no values in " + std::to_string(rows.rows.size()) + " rows.";
  if (rows.rows.size() == 1)
    return "**" + label + "**: " + row_text(rows, rows.rows[0], metric, unit) + ".";
  if (is_ranked) {
    std::string text = "**" + label + "**, in order: ";
    const std::size_t shown = std::min<std::size_t>(style == "brief" ? 1 : 3, rows.rows.size());
    for (std::size_t i = 0; i < shown; ++i)
      text += (i > 0 ? ", " : "") + row_text(rows, rows.rows[i], metric, unit);
    const std::size_t more = rows.rows.size() - shown;
    return text + (more > 0 ? ", and " + std::to_string(more) + " more." : ".");
  }
  std::string text = "**" + label + "**: highest " + row_text(rows, *ends.high, metric, unit) +
                     ", lowest " + row_text(rows, *ends.low, metric, unit) + ".";
  const bool is_series = first_column(rows, ColumnRole::time) < rows.columns.size() &&
                         first_column(rows, ColumnRole::dimension) == rows.columns.size();
  if (is_series && style != "brief")
    text += " It went from " + value_text(rows.rows.front()[metric], unit) + " at the start to " +
            value_text(rows.rows.back()[metric], unit) + " at the end.";
  if (rows.truncated)
    text += " Only the first " + std::to_string(rows.rows.size()) + " rows are shown.";
  return text;
}

}  // namespace loquat::agents
