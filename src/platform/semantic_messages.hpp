#pragma once
#include <string>
#include <string_view>

#include "loquat/base/result.hpp"
#include "loquat/contracts/metric_query.hpp"
#include "loquat/contracts/result_set.hpp"

namespace loquat::platform {

/// The query in the service's words. Errors: invalid_request for what it has no words for
/// (comparisons, shares, …): such queries run on the local model.
[[nodiscard]] Result<std::string> semantic_request(const contracts::MetricQuery& query,
                                                   std::string_view model_id);
/// `columns` (names or {name, type}) and `rows` (arrays, or objects by name). Errors: corrupt.
[[nodiscard]] Result<contracts::ResultSet> read_semantic_answer(
    std::string_view body, const contracts::MetricQuery& query);

}  // namespace loquat::platform
