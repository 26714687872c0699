#pragma once
#include <optional>
#include <string>
#include <vector>

#include "loquat/contracts/result_set.hpp"

namespace loquat::agents {

/// The rows in words: one value, the ends and the peak of a series, the first and last of a
/// ranking. Markdown. Says nothing that does not stand in the rows.
[[nodiscard]] std::string narrate(const contracts::ResultSet& rows,
                                  const std::optional<std::string>& unit, bool is_ranked,
                                  const std::string& style);
/// A number for people: thousands separated, at most two decimals for large, four digits for small
/// ones; ratios (unit `ratio`) as per cent.
[[nodiscard]] std::string format_number(double value, const std::optional<std::string>& unit);
/// A cell for people; timestamps at midnight as their date.
[[nodiscard]] std::string format_cell(const contracts::Cell& cell);

}  // namespace loquat::agents
