#pragma once
#include <string>
#include <string_view>

#include "loquat/base/result.hpp"
#include "loquat/contracts/result_set.hpp"

namespace loquat::engine {

/// Columns and rows of the platform's query engine: `columns` are names or {name, type}; `rows` are
/// arrays or objects by column name. Errors: corrupt.
[[nodiscard]] Result<contracts::ResultSet> read_platform_rows(std::string_view body,
                                                              std::int64_t row_limit);

/// A long query's state.
struct PlatformStatus {
  enum class Phase { running, finished, failed, cancelled };
  Phase phase = Phase::running;
  std::string message;
};
[[nodiscard]] Result<PlatformStatus> read_platform_status(std::string_view body);

/// Where a long query is looked at, fetched and cancelled.
struct PlatformExecution {
  std::string id, status_url, results_url, cancel_url;
};
[[nodiscard]] Result<PlatformExecution> read_platform_execution(std::string_view body);

/// The error of a status that is not 2xx.
[[nodiscard]] Error platform_error(int status, std::string_view body);

}  // namespace loquat::engine
