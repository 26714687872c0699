#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "loquat/contracts/metric_query.hpp"
#include "loquat/contracts/result_set.hpp"
#include "loquat/semantic/model_index.hpp"

/// Whether a corrected SQL and a modelled query answer the same. Pure.
namespace loquat::memory {

/// The same rows in any order of rows and columns, numbers to nine digits, dates without their
/// midnight. Never true without a number: that would prove nothing.
[[nodiscard]] bool is_same_result(const contracts::ResultSet& a, const contracts::ResultSet& b);

/// Modelled queries near `planned` that read just `tables` (the corrected SQL's): other metrics,
/// and the equalities with a literal that the SQL has on a dimension's column. At most `limit`.
[[nodiscard]] std::vector<contracts::MetricQuery> candidates_for(
    const semantic::ModelIndex& index, const contracts::MetricQuery& planned,
    const std::string& sql, const std::vector<std::string>& tables, std::size_t limit);

struct Equality {
  std::string column;
  bool is_equal = true;
  std::string literal;  ///< with its quotes
};
/// Each `column = 'text'`, or <> or !=, of a statement. One pass and no recursion, however long the
/// text is: users send it.
[[nodiscard]] std::vector<Equality> equalities_in(std::string_view sql);

}  // namespace loquat::memory
