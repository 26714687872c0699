#include "loquat/agents/quality.hpp"

#include <algorithm>

namespace loquat::agents {
namespace {

bool has_column(const contracts::ResultSet& rows, const std::string& name) {
  return std::ranges::find(rows.columns, name, &contracts::Column::name) != rows.columns.end();
}

void cost(QualityReport& report, double factor, std::string problem) {
  report.score *= factor;
  report.problems.push_back(std::move(problem));
}

}  // namespace

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
