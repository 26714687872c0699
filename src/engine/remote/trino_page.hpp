#pragma once
#include <optional>
#include <string>
#include <vector>

#include "loquat/base/result.hpp"
#include "loquat/contracts/result_set.hpp"

namespace loquat::engine {

/// One answer of Trino's statement protocol (client REST API, "Developer guide").
struct TrinoPage {
  std::string next_uri;  ///< empty: the query is done
  std::vector<contracts::Column> columns;
  std::vector<contracts::Row> rows;
  std::optional<Error> error;  ///< the query's own end
};
/// `columns`: those of an earlier page, where this one does not repeat them. Errors: corrupt.
[[nodiscard]] Result<TrinoPage> read_trino_page(std::string_view body,
                                                std::vector<contracts::Column> columns);

}  // namespace loquat::engine
