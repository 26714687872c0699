#pragma once
#include <string>
#include <vector>

#include "loquat/contracts/metric_query.hpp"
#include "loquat/contracts/result_set.hpp"

namespace loquat::agents {

/// Was the answer what was asked? Each check that fails costs score and is named.
struct QualityReport {
  double score = 1;
  std::vector<std::string> problems;
};
[[nodiscard]] QualityReport check_quality(const contracts::MetricQuery& query,
                                          const contracts::ResultSet& rows, double confidence);

}  // namespace loquat::agents
