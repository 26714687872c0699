#pragma once
#include <string>

#include "loquat/contracts/result_set.hpp"
#include "loquat/wire/answer.hpp"

namespace loquat::agents {

/// The chart that fits the shape of the rows: number, line, bar, grouped_bar, area or table.
/// `preferred` is taken where the shape allows it; `was_preferred` says whether it changed the
/// choice. The Vega-Lite 5 spec reads data named `rows` whose fields are the column names.
struct ChartChoice {
  wire::Visualization visualization;
  bool was_preferred = false;
};
[[nodiscard]] ChartChoice choose_chart(const contracts::ResultSet& rows,
                                       const std::string& preferred);

}  // namespace loquat::agents
