#pragma once
#include <optional>
#include <string>
#include <vector>

#include "loquat/contracts/result_set.hpp"
#include "loquat/wire/answer.hpp"
#include "loquat/wire/events.hpp"

namespace loquat::agents {

/// What stands out in an answered series. Pure.
struct SeriesContext {
  std::string time_column;
  std::vector<std::string> metrics;
  std::string grain;
  std::optional<std::string> unit;
  Date today{};  ///< the period that holds it is not complete and is left out
};

/// At most three anomalies, strongest first.
/// Method: residuals from a centred running median of five points; modified z-score by the median
/// absolute deviation, threshold 3.5 (Iglewicz and Hoaglin, "How to Detect and Handle Outliers",
/// ASQC 1993, section 3.3). Needs eight complete periods; constant series have none.
[[nodiscard]] std::vector<wire::InsightEvent> find_anomalies(const contracts::ResultSet& rows,
                                                             const SeriesContext& context);

}  // namespace loquat::agents
