#include "loquat/agents/analysis.hpp"

#include <gtest/gtest.h>

#include "loquat/agents/narration.hpp"
#include "loquat/agents/quality.hpp"
#include "loquat/agents/viz.hpp"

namespace loquat::agents {
namespace {

using contracts::Column;
using contracts::ColumnRole;
using contracts::ColumnType;
using contracts::ResultSet;

const Column kMonth{"metric_time__month", "Month", ColumnType::timestamp, ColumnRole::time,
                    "TIMESTAMP"};
const Column kVisits{"visits", "Visits", ColumnType::integer, ColumnRole::metric, "BIGINT"};
const Column kWard{"ward__name", "Ward", ColumnType::text, ColumnRole::dimension, "VARCHAR"};
const Column kShift{"shift__name", "Shift", ColumnType::text, ColumnRole::dimension, "VARCHAR"};

std::string month(int i) {
  char text[32];
  std::snprintf(text, sizeof text, "2024-%02d-01T00:00:00", i);
  return text;
}

ResultSet series(const std::vector<std::int64_t>& values) {
  ResultSet rows{{kMonth, kVisits}, {}, false};
  for (std::size_t i = 0; i < values.size(); ++i)
    rows.rows.push_back({month(static_cast<int>(i) + 1), values[i]});
  return rows;
}

SeriesContext monthly(Date today = Date(std::chrono::year(2025), std::chrono::month(6),
                                        std::chrono::day(1))) {
  return {"metric_time__month", {"visits"}, "month", std::nullopt, today};
}

TEST(Anomalies, FindsTheOneMonthThatLeavesTheBand) {
  const auto found =
      find_anomalies(series({100, 103, 98, 101, 99, 240, 102, 97, 100, 104, 99, 101}), monthly());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].period.start, "2024-06-01");
  EXPECT_EQ(found[0].period.end, "2024-06-30");
  EXPECT_EQ(found[0].observed, 240);
  EXPECT_GT(found[0].observed, found[0].upper);
  EXPECT_LT(found[0].expected, 110);
}

TEST(Anomalies, IgnoresAPeriodThatIsNotOver) {
  const Date in_december(std::chrono::year(2024), std::chrono::month(12), std::chrono::day(3));
  EXPECT_TRUE(find_anomalies(series({100, 103, 98, 101, 99, 100, 102, 97, 100, 104, 99, 9}),
                             monthly(in_december))
                  .empty());
  EXPECT_FALSE(
      find_anomalies(series({100, 103, 98, 101, 99, 100, 102, 97, 100, 104, 99, 9}), monthly())
          .empty());
}

TEST(Anomalies, SaysNothingOfConstantShortOrTrendingSeries) {
  EXPECT_TRUE(find_anomalies(series({5, 5, 5, 5, 5, 5, 5, 5, 5, 5}), monthly()).empty());
  EXPECT_TRUE(find_anomalies(series({1, 900, 1}), monthly()).empty());
  EXPECT_TRUE(find_anomalies(series({10, 21, 29, 41, 50, 61, 69, 80, 91, 100, 110, 121}), monthly())
                  .empty());
}

TEST(Anomalies, IgnoresWhatIsOddButSmall) {
  EXPECT_TRUE(
      find_anomalies(series({100, 101, 100, 99, 100, 110, 100, 101, 99, 100, 101, 100}), monthly())
          .empty());
}

TEST(Anomalies, KeepsTheSeriesOfGroupsApart) {
  ResultSet rows{{kMonth, kWard, kVisits}, {}, false};
  for (int i = 1; i <= 12; ++i) {
    rows.rows.push_back({month(i), std::string("east"), std::int64_t{100 + i % 3}});
    rows.rows.push_back({month(i), std::string("west"), std::int64_t{i == 7 ? 600 : 1000 + i % 3}});
  }
  const auto found = find_anomalies(rows, monthly());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].dimensions.at("ward__name"), "west");
}

TEST(Chart, FollowsTheShapeOfTheRows) {
  EXPECT_EQ(choose_chart(series({1, 2, 3}), "").visualization.type, "line");
  EXPECT_EQ(choose_chart({{kVisits}, {{std::int64_t{7}}}, false}, "").visualization.type, "number");
  EXPECT_EQ(choose_chart({{kWard, kVisits}, {{std::string("a"), std::int64_t{7}}}, false}, "")
                .visualization.type,
            "bar");
  EXPECT_EQ(choose_chart({{kWard, kShift, kVisits},
                          {{std::string("a"), std::string("n"), std::int64_t{7}}},
                          false},
                         "")
                .visualization.type,
            "grouped_bar");
  EXPECT_EQ(choose_chart({{kWard, kVisits}, {}, false}, "").visualization.type, "table");
}

TEST(Chart, TakesThePreferredTypeOnlyWhereItFits) {
  const auto bars = choose_chart(series({1, 2, 3}), "bar");
  EXPECT_EQ(bars.visualization.type, "bar");
  EXPECT_TRUE(bars.was_preferred);
  const auto number = choose_chart({{kVisits}, {{std::int64_t{7}}}, false}, "bar");
  EXPECT_EQ(number.visualization.type, "number");
  EXPECT_FALSE(number.was_preferred);
}

TEST(Narration, SaysOnlyWhatStandsInTheRows) {
  EXPECT_EQ(narrate({{kVisits}, {{std::int64_t{1234567}}}, false}, {}, false, ""),
            "**Visits**: 1,234,567.");
  EXPECT_EQ(narrate({{kVisits}, {}, false}, {}, false, ""), "No rows match this question.");
  const std::string text = narrate(series({5, 9, 2}), {}, false, "");
  EXPECT_NE(text.find("highest 2024-02-01 (9)"), std::string::npos) << text;
  EXPECT_NE(text.find("lowest 2024-03-01 (2)"), std::string::npos) << text;
}

TEST(Narration, WritesRatiosAsPerCent) { EXPECT_EQ(format_number(0.1234, "ratio"), "12.3 %"); }

TEST(Quality, FallsWithEveryThingThatIsMissing) {
  contracts::MetricQuery query;
  query.metrics = {"visits"};
  query.group_by = {"metric_time__month"};
  EXPECT_DOUBLE_EQ(check_quality(query, series({1, 2}), 0.9).score, 0.9);
  const auto without = check_quality(query, {{kVisits}, {{std::int64_t{1}}}, false}, 0.9);
  EXPECT_LT(without.score, 0.9);
  EXPECT_EQ(without.problems.size(), 1U);
}

TEST(MissingFrom, SaysWhatOfThePeriodTheDataDoNotCover) {
  AskedFor asked;
  asked.data_start = parse_date("2023-01-01");
  asked.data_end = parse_date("2024-03-10");
  asked.start = parse_date("2024-01-01");
  asked.end = parse_date("2024-02-29");
  EXPECT_TRUE(missing_from(series({1, 2}), asked).empty());
  asked.end = parse_date("2024-12-31");
  const auto late = missing_from(series({1, 2}), asked);
  ASSERT_EQ(late.size(), 1U);
  EXPECT_NE(late[0].find("2024-03-10"), std::string::npos);
  asked.start = parse_date("2025-01-01");
  asked.end = parse_date("2025-12-31");
  EXPECT_NE(missing_from(series({}), asked).at(0).find("not the period"), std::string::npos);
}

TEST(MissingFrom, NamesPeriodsAtTheEndAndValuesWithoutRows) {
  AskedFor asked;
  asked.time_column = kMonth.name;
  asked.grain = "month";
  asked.start = parse_date("2024-01-01");
  asked.end = parse_date("2024-06-30");
  const auto short_series = missing_from(series({1, 2, 3}), asked);
  ASSERT_EQ(short_series.size(), 1U);
  EXPECT_NE(short_series[0].find("2024-03-01"), std::string::npos);
  AskedFor named;
  named.values = {{kWard.name, {"east", "west"}}};
  const auto missing =
      missing_from({{kWard, kVisits}, {{std::string("east"), std::int64_t{1}}}, false}, named);
  EXPECT_EQ(missing, std::vector<std::string>{"There are no rows for west."});
}

TEST(HoldsNothing, TellsNoRowsAndANullFromAZero) {
  EXPECT_TRUE(holds_nothing({{kVisits}, {}, false}));
  EXPECT_TRUE(holds_nothing({{kVisits}, {{contracts::Cell{}}}, false}));
  EXPECT_FALSE(holds_nothing({{kVisits}, {{std::int64_t{0}}}, false}));
}

}  // namespace
}  // namespace loquat::agents
