#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "place.hpp"

namespace loquat::dbt {

// What metrics are made of, in every shape that dbt writes it. What cannot be read is reported, and
// whoever asked leaves the metric out.

/// A template string, an array of them, or dbt's object with `where_filters`.
[[nodiscard]] std::vector<std::string> filters_of(const Place& owner,
                                                  std::string_view key = "filter");
/// `{count, granularity}`, or text as people write it: `7 days`.
[[nodiscard]] std::optional<contracts::TimeWindow> window_of(const Place& owner,
                                                             std::string_view key);
/// A measure by name, or with what is done to it.
[[nodiscard]] std::optional<contracts::MeasureInput> measure_input(const Place& owner,
                                                                   std::string_view key);
/// A metric by name, or with what is done to it.
[[nodiscard]] contracts::MetricInput metric_input(const Place& place);

}  // namespace loquat::dbt
