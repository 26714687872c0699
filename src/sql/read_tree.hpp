#pragma once
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "loquat/base/result.hpp"
#include "loquat/sql/tree.hpp"

namespace loquat::sql {

/// Tells whether a function folds rows; by lower-case name.
using IsAggregate = std::function<bool(std::string_view)>;

/// Turns one statement's `node` of DuckDB's JSON form into our tree.
/// Errors: unsupported_sql when it is deeper than 400 nodes.
[[nodiscard]] Result<Query> read_query(const nlohmann::json& node, const IsAggregate& is_aggregate);

/// The statement as text that two statements share if they differ in literals only.
[[nodiscard]] std::string shape_of(const nlohmann::json& node);

}  // namespace loquat::sql
