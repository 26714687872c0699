#include "loquat/agents/quality.hpp"

#include <algorithm>
#include <chrono>

namespace loquat::agents {
namespace {

bool has_column(const contracts::ResultSet& rows, const std::string& name) {
  return std::ranges::find(rows.columns, name, &contracts::Column::name) != rows.columns.end();
}

void cost(QualityReport& report, double factor, std::string problem) {
  report.score *= factor;
  report.problems.push_back(std::move(problem));
}

std::size_t column_of(const contracts::ResultSet& rows, const std::string& name) {
  for (std::size_t i = 0; i < rows.columns.size(); ++i)
    if (rows.columns[i].name == name) return i;
  return rows.columns.size();
}

/// First day of the period after the one that starts on `start`; nothing for finer grains.
std::optional<Date> next_period(Date start, std::string_view grain) {
  using namespace std::chrono;
  if (grain == "day") return Date{sys_days{start} + days{1}};
  if (grain == "week") return Date{sys_days{start} + days{7}};
  if (grain == "month") return start + months{1};
  if (grain == "quarter") return start + months{3};
  if (grain == "year") return start + years{1};
  return std::nullopt;
}

void check_end_of_series(const contracts::ResultSet& rows, const AskedFor& asked,
                         std::vector<std::string>& missing) {
  const std::size_t at = column_of(rows, asked.time_column);
  if (at == rows.columns.size() || !asked.end || rows.rows.empty() || rows.truncated) return;
  std::optional<Date> last;
  for (const auto& row : rows.rows) {
    const auto* text = std::get_if<std::string>(&row[at]);
    const auto day = text == nullptr ? std::nullopt : parse_date(text->substr(0, 10));
    if (day && (!last || *day > *last)) last = day;
  }
  if (!last) return;
  const auto next = next_period(*last, asked.grain);
  const Date end = asked.data_end ? std::min(*asked.end, *asked.data_end) : *asked.end;
  if (next && next->ok() && *next <= end)
    missing.push_back("The last " + asked.grain + " with data begins on " + format_date(*last) +
                      ".");
}

void check_values(const contracts::ResultSet& rows, const AskedFor::Values& asked,
                  std::vector<std::string>& missing) {
  const std::size_t at = column_of(rows, asked.column);
  if (at == rows.columns.size() || rows.truncated || rows.rows.empty()) return;
  for (const std::string& value : asked.values) {
    const bool there = std::ranges::any_of(rows.rows, [&](const contracts::Row& row) {
      const auto* text = std::get_if<std::string>(&row[at]);
      return text != nullptr && *text == value;
    });
    if (!there) missing.push_back("There are no rows for " + value + ".");
  }
}

}  // namespace

bool holds_nothing(const contracts::ResultSet& rows) {
  if (rows.rows.empty()) return true;
  if (rows.rows.size() > 1) return false;
  return std::ranges::all_of(rows.rows[0],
                             [](const contracts::Cell& cell) { return contracts::is_null(cell); });
}

std::vector<std::string> missing_from(const contracts::ResultSet& rows, const AskedFor& asked) {
  std::vector<std::string> missing;
  const bool outside = (asked.start && asked.data_end && *asked.start > *asked.data_end) ||
                       (asked.end && asked.data_start && *asked.end < *asked.data_start);
  if (outside)
    missing.push_back("The data covers " +
                      (asked.data_start ? format_date(*asked.data_start) : std::string("a time")) +
                      " to " + (asked.data_end ? format_date(*asked.data_end) : "now") +
                      ", not the period asked for.");
  else if (asked.end && asked.data_end && *asked.end > *asked.data_end)
    missing.push_back("The data ends on " + format_date(*asked.data_end) +
                      ", before the period does.");
  if (!outside && asked.start && asked.data_start && *asked.start < *asked.data_start)
    missing.push_back("The data begins on " + format_date(*asked.data_start) +
                      ", after the period does.");
  check_end_of_series(rows, asked, missing);
  for (const auto& values : asked.values) check_values(rows, values, missing);
  return missing;
}

QualityReport check_quality(const contracts::MetricQuery& query, const contracts::ResultSet& rows,
                            double confidence) {
  QualityReport report;
  report.score = std::clamp(confidence, 0.0, 1.0);
  for (const auto& metric : query.metrics)
    if (!has_column(rows, metric)) cost(report, 0.2, "The rows lack the metric " + metric + ".");
  for (const auto& item : query.group_by)
    if (item.find('(') == std::string::npos && !has_column(rows, item))
      cost(report, 0.5, "The rows lack the grouping " + item + ".");
  if (rows.rows.empty()) cost(report, 0.6, "There are no rows.");
  if (rows.truncated) cost(report, 0.9, "The rows are cut at the limit.");
  bool all_null = !rows.rows.empty();
  for (std::size_t i = 0; i < rows.columns.size() && all_null; ++i) {
    if (rows.columns[i].role != contracts::ColumnRole::metric) continue;
    for (const auto& row : rows.rows) all_null = all_null && contracts::is_null(row[i]);
  }
  if (all_null) cost(report, 0.6, "Every value is null.");
  return report;
}

}  // namespace loquat::agents
