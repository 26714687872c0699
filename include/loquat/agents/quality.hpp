#pragma once
#include <optional>
#include <string>
#include <vector>

#include "loquat/base/time_format.hpp"

#include "loquat/contracts/metric_query.hpp"
#include "loquat/contracts/result_set.hpp"

namespace loquat::agents {

/// Was the answer what was asked? Each check that fails costs score and is named.
struct QualityReport {
  double score = 1;
  std::vector<std::string> problems;
};
/// What the answer is held against besides its query.
struct AskedFor {
  std::string time_column;                   ///< of the rows; empty: not along time
  std::string grain;                         ///< of that column
  std::optional<Date> start, end;            ///< the period asked for
  std::optional<Date> data_start, data_end;  ///< what the data of the whole model covers
  struct Values {
    std::string column;  ///< an output column
    std::vector<std::string> values;
  };
  std::vector<Values> values;  ///< asked for by name and grouped by
};
/// What the rows do not show of what was asked, in sentences for people: the period beyond the
/// data, periods at the end without rows, values without rows, rows cut off. Rows are as shown,
/// so a masked column says nothing.
[[nodiscard]] std::vector<std::string> missing_from(const contracts::ResultSet& rows,
                                                    const AskedFor& asked);
/// No rows, or one row without any value.
[[nodiscard]] bool holds_nothing(const contracts::ResultSet& rows);

[[nodiscard]] QualityReport check_quality(const contracts::MetricQuery& query,
                                          const contracts::ResultSet& rows, double confidence);

}  // namespace loquat::agents
