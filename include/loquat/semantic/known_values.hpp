#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "loquat/semantic/planner.hpp"

namespace loquat::semantic {

/// At most `limit` values of one dimension (output name without grain) that were read from the
/// data; none for an unknown dimension, personal data, or before anything was read.
[[nodiscard]] std::vector<std::string> known_values(const Vocabulary& vocabulary,
                                                    std::string_view dimension, std::size_t limit);
/// True if `value` was read from the data of `dimension`, written just so.
[[nodiscard]] bool is_known_value(const Vocabulary& vocabulary, std::string_view dimension,
                                  std::string_view value);
/// Conditions of a query that list values, as `filter_template` writes them.
struct ListedValues {
  std::string dimension;
  std::vector<std::string> values;
};
[[nodiscard]] std::vector<ListedValues> listed_values(const Vocabulary& vocabulary,
                                                      const contracts::MetricQuery& query);
/// `{{ Dimension('customer__segment') }} = 'retail'`; several values: IN; `excluded`: the opposite,
/// which keeps rows without a value. Values are quoted.
[[nodiscard]] std::string filter_template(std::string_view dimension,
                                          const std::vector<std::string>& values, bool excluded);

}  // namespace loquat::semantic
