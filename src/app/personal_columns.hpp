#pragma once
#include <string>
#include <vector>

#include "loquat/contracts/ports.hpp"

namespace loquat::app {

/// Dimensions and the columns behind them that dbt or the catalog tags as personal data. Empty
/// before the first import.
[[nodiscard]] std::vector<std::string> personal_columns(const contracts::ModelSnapshot* model,
                                                        const contracts::ColumnTags& tags);

}  // namespace loquat::app
