#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "loquat/agents/analysis.hpp"
#include "loquat/agents/narration.hpp"

namespace loquat::agents {
namespace {

using contracts::ColumnRole;
using contracts::ResultSet;

constexpr std::size_t kPointsMin = 8;
constexpr std::size_t kPointsMax = 5'000;
constexpr std::size_t kSeriesMax = 200;
constexpr std::size_t kFindingsMax = 3;
constexpr double kThreshold = 3.5;
/// What is statistically odd must also matter: a quarter off what was expected.
constexpr double kEffectMin = 0.25;
constexpr double kCriticalScore = 8;
constexpr double kWarningScore = 5;
// 0.6745 is the 0.75 quantile of the standard normal: it makes the MAD estimate sigma.
constexpr double kMadToSigma = 0.6745;

struct Point {
  std::string time;
  double value = 0;
};
struct Series {
  std::map<std::string, std::string> dimensions;
  std::vector<Point> points;
};

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

double running_median(const std::vector<Point>& points, std::size_t at) {
  constexpr std::size_t kHalf = 2;
  const std::size_t from = at > kHalf ? at - kHalf : 0;
  const std::size_t to = std::min(points.size(), at + kHalf + 1);
  std::vector<double> window;
  for (std::size_t i = from; i < to; ++i) window.push_back(points[i].value);
  return median(std::move(window));
}

/// Text of a cell that only has to tell groups apart; the key joins them with a control character.
std::vector<Series> split_series(const ResultSet& rows, std::size_t time, std::size_t metric) {
  std::map<std::string, Series> by_group;
  for (const auto& row : rows.rows) {
    double value = 0;
    if (contracts::is_null(row[time]) || !contracts::as_number(row[metric], value)) continue;
    std::string key;
    std::map<std::string, std::string> dimensions;
    for (std::size_t i = 0; i < rows.columns.size(); ++i) {
      if (rows.columns[i].role != ColumnRole::dimension) continue;
      const std::string text = format_cell(row[i]);
      key += text + '\x1f';
      dimensions[rows.columns[i].name] = text;
    }
    if (by_group.size() >= kSeriesMax && !by_group.contains(key)) continue;
    Series& series = by_group[key];
    series.dimensions = std::move(dimensions);
    if (series.points.size() < kPointsMax)
      series.points.push_back({format_cell(row[time]).substr(0, 10), value});
  }
  std::vector<Series> all;
  for (auto& [_, series] : by_group) {
    std::ranges::sort(series.points, {}, &Point::time);
    all.push_back(std::move(series));
  }
  return all;
}

std::optional<Date> period_end(const std::string& start, const std::string& grain) {
  using namespace std::chrono;
  const auto date = parse_date(start);
  if (!date) return std::nullopt;
  const auto last_before = [](Date next) { return Date(sys_days(next) - days(1)); };
  const Date first(date->year(), date->month(), day(1));
  if (grain == "week") return Date(sys_days(*date) + days(6));
  if (grain == "month") return last_before(first + months(1));
  if (grain == "quarter") return last_before(first + months(3));
  if (grain == "year") return last_before(first + years(1));
  return *date;
}

void drop_unfinished(Series& series, const SeriesContext& context) {
  while (!series.points.empty()) {
    const auto end = period_end(series.points.back().time, context.grain);
    // The period that ends today counts as complete: its last day is the data's newest.
    if (!end || *end <= context.today) return;
    series.points.pop_back();
  }
}

std::string group_text(const std::map<std::string, std::string>& dimensions) {
  std::string text;
  for (const auto& [_, value] : dimensions)
    text += (text.empty() ? " for " : ", ") + (value.empty() ? std::string("(none)") : value);
  return text;
}

std::string when(const std::string& time, const std::string& grain) {
  return grain.empty() || grain == "day" ? "on " + time : "in the " + grain + " of " + time;
}

wire::InsightEvent describe(const Series& series, std::size_t at, double expected, double band,
                            double score, const contracts::Column& metric,
                            const SeriesContext& context) {
  const Point& point = series.points[at];
  wire::InsightEvent insight;
  insight.insight_type = wire::InsightType::anomaly;
  insight.severity = score >= kCriticalScore  ? wire::Severity::critical
                     : score >= kWarningScore ? wire::Severity::warning
                                              : wire::Severity::info;
  insight.metric = metric.name;
  insight.dimensions = series.dimensions;
  const auto end = period_end(point.time, context.grain);
  insight.period = {point.time, end ? format_date(*end) : point.time, context.grain};
  insight.observed = point.value;
  insight.expected = expected;
  insight.lower = expected - band;
  insight.upper = expected + band;
  insight.unit = context.unit;
  insight.score = score;
  insight.method = "modified z-score of residuals from a running median of 5";
  insight.headline = metric.label + group_text(series.dimensions) + ": unusually " +
                     (point.value > expected ? "high " : "low ") + when(point.time, context.grain) +
                     ", " + format_number(point.value, context.unit) + " where about " +
                     format_number(expected, context.unit) + " was to be expected.";
  return insight;
}

void examine(Series& series, const contracts::Column& metric, const SeriesContext& context,
             std::vector<wire::InsightEvent>& found) {
  drop_unfinished(series, context);
  if (series.points.size() < kPointsMin) return;
  std::vector<double> residuals;
  for (std::size_t i = 0; i < series.points.size(); ++i)
    residuals.push_back(series.points[i].value - running_median(series.points, i));
  const double centre = median(residuals);
  std::vector<double> deviations;
  for (const double r : residuals) deviations.push_back(std::abs(r - centre));
  const double mad = median(deviations);
  if (mad <= 0) return;
  for (std::size_t i = 0; i < residuals.size(); ++i) {
    const double score = kMadToSigma * std::abs(residuals[i] - centre) / mad;
    const double expected = series.points[i].value - residuals[i] + centre;
    const double effect = std::abs(series.points[i].value - expected);
    if (score <= kThreshold || effect < kEffectMin * std::abs(expected)) continue;
    found.push_back(
        describe(series, i, expected, kThreshold * mad / kMadToSigma, score, metric, context));
  }
}

}  // namespace

std::vector<wire::InsightEvent> find_anomalies(const ResultSet& rows,
                                               const SeriesContext& context) {
  std::vector<wire::InsightEvent> found;
  const auto time = std::ranges::find(rows.columns, context.time_column, &contracts::Column::name);
  if (time == rows.columns.end()) return found;
  for (std::size_t i = 0; i < rows.columns.size(); ++i) {
    if (std::ranges::find(context.metrics, rows.columns[i].name) == context.metrics.end()) continue;
    const auto time_index = static_cast<std::size_t>(time - rows.columns.begin());
    for (auto& series : split_series(rows, time_index, i))
      examine(series, rows.columns[i], context, found);
  }
  std::ranges::sort(found, std::ranges::greater{}, &wire::InsightEvent::score);
  if (found.size() > kFindingsMax) found.resize(kFindingsMax);
  return found;
}

}  // namespace loquat::agents
