#pragma once
#include <optional>
#include <string>
#include <vector>

#include "semantic/language/calendar.hpp"
#include "semantic/planner/lexicon.hpp"

/// A metric query taken apart, so that a further question can change one part of it.
namespace loquat::semantic::planner {

using contracts::MetricQuery;
using language::DateRange;
using language::Grain;

struct Filter {
  enum class Kind { is_in, not_in, is_true, is_false, not_null, raw };
  Kind kind = Kind::is_in;
  std::string dimension;            ///< output name; empty if it cannot be told
  std::vector<std::string> values;  ///< raw: the template itself
  bool operator==(const Filter&) const = default;
};

struct Rank {
  bool descending = true;
  std::int64_t count = 0;           ///< 0: all
  std::vector<std::string> within;  ///< best of each of these
};

struct Frame {
  std::vector<std::string> metrics;
  std::string axis = "metric_time";
  std::optional<Grain> grain;
  std::string date_part;
  std::vector<std::string> groups;
  std::vector<Filter> filters;
  DateRange range;
  std::optional<MetricQuery::Comparison> comparison;
  std::optional<Rank> rank;
  std::vector<MetricQuery::Having> having;
  std::optional<bool> sort_descending;
  bool share = false, running_total = false, fill_gaps = false;
};

[[nodiscard]] MetricQuery to_query(const Lexicon& lexicon, const Frame& frame);
[[nodiscard]] Frame to_frame(const Lexicon& lexicon, const MetricQuery& query);

/// `{{ Dimension('grower__grower_name', entity_path=['product']) }}`
[[nodiscard]] std::string subject_of(std::string_view output_name);
[[nodiscard]] std::string time_column(const Frame& frame);
[[nodiscard]] std::string quoted(std::string_view value);

/// The days that a filter leaves out, if it leaves out a period (see `without_period`).
[[nodiscard]] std::optional<DateRange> excluded_period(std::string_view filter);
/// A filter on `axis` that leaves out `range`, which has both ends.
[[nodiscard]] std::string without_period(std::string_view axis, const DateRange& range);

/// A metric that only exists along time (windows, periods to date, offsets), and its own grain.
[[nodiscard]] std::optional<Grain> grain_needed(const Lexicon& lexicon,
                                                const contracts::Metric& metric);

}  // namespace loquat::semantic::planner
