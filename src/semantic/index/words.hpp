#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "loquat/contracts/semantic_model.hpp"

/// Names as dbt writes them.
namespace loquat::semantic {

[[nodiscard]] std::string lower(std::string_view text);
/// `a__b__c` -> a, b, c.
[[nodiscard]] std::vector<std::string> split_dunder(std::string_view name);
[[nodiscard]] std::string join(const std::vector<std::string>& parts, std::string_view between);
[[nodiscard]] std::optional<contracts::Grain> standard_grain(std::string_view name);
/// Up to `count` of `known` that are written like `word`, nearest first.
[[nodiscard]] std::vector<std::string> nearest(std::string_view word,
                                               const std::vector<std::string>& known,
                                               std::size_t count = 5);

}  // namespace loquat::semantic
