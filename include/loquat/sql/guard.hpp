#pragma once
#include <string>
#include <vector>

#include "loquat/sql/parser.hpp"

namespace loquat::sql {

/// What a statement touches, and why it may not run.
struct Findings {
  std::vector<std::string> tables;     ///< read, qualified as written, without names made by WITH
  std::vector<std::string> functions;  ///< called anywhere, lower case
  std::vector<std::string> problems;   ///< empty: it is one read-only SELECT
};

/// Looks at every node of the tree, wherever it stands.
/// DuckDB: only functions that the engine has and that read nothing but their arguments; of table
/// functions only unnest, range, generate_series and repeat. Trino: no table function, and no name
/// that reads files, settings or other queries. No relation that is a file or a system table.
[[nodiscard]] Findings examine(const Statement& statement, Dialect dialect, const Parser& parser);

}  // namespace loquat::sql
