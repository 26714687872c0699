#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "loquat/base/time_format.hpp"

namespace loquat::contracts {

/// A question put to the semantic layer, in dbt's own names. Plain data, no behaviour.
/// `metrics`: metric names. `group_by`: `metric_time__month`, `order__region`, an entity's name, or
/// object syntax `TimeDimension('metric_time', date_part_name='dow')`. `where`: dbt template
/// strings, joined by AND. `order_by`: an output column's name; a leading `-` descends.
struct MetricQuery {
  std::vector<std::string> metrics;
  std::vector<std::string> group_by;
  std::vector<std::string> where;
  std::vector<std::string> order_by;
  std::optional<std::int64_t> limit;
  std::optional<Date> start_time;  ///< inclusive
  std::optional<Date> end_time;    ///< inclusive
  std::optional<std::string> saved_query;

  /// Applied to the finished rows of the query, in this order: comparison, share, running total,
  /// having, and only then order_by and limit. The compiler puts them around its SQL, so that what
  /// ran is what is shown.
  struct Comparison {
    enum class To { previous_period, same_period_last_year };
    To to = To::previous_period;
    Date start;  ///< the compared period, inclusive; as long as the query's own
    Date end;
    bool operator==(const Comparison&) const = default;
  };
  struct Share {
    std::string metric;
    std::string as;  ///< output column, e.g. `revenue_share`
    std::vector<std::string>
        within;  ///< output columns of the total's groups; empty: the whole answer
    bool operator==(const Share&) const = default;
  };
  struct RunningTotal {
    std::string metric;
    std::string as;
    bool operator==(const RunningTotal&) const = default;
  };
  struct Having {
    std::string metric;
    std::string op;  ///< one of > >= < <= = !=
    double value = 0;
    bool operator==(const Having&) const = default;
  };
  struct TopPerGroup {
    std::vector<std::string> within;  ///< output columns of the group
    std::string by;                   ///< output column; a leading `-` descends
    std::int64_t count = 1;
    bool operator==(const TopPerGroup&) const = default;
  };
  std::optional<Comparison> comparison;
  std::vector<Share> shares;
  std::vector<RunningTotal> running_totals;
  std::vector<Having> having;
  std::optional<TopPerGroup> top_per_group;
  bool fill_time_gaps =
      false;  ///< "including days without any": a row for each period of the range

  bool operator==(const MetricQuery&) const = default;
};

}  // namespace loquat::contracts
