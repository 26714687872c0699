#pragma once
#include <string>
#include <string_view>

#include "loquat/contracts/result_set.hpp"
#include "loquat/wire/json.hpp"

namespace loquat::engine {

/// Words of ours for a type as Trino and the platform's engine write it: `decimal(38,2)`, `bigint`.
[[nodiscard]] contracts::ColumnType column_type_of(std::string_view native) noexcept;
/// A JSON value of that type as a cell: decimals come as text, timestamps with a blank.
[[nodiscard]] contracts::Cell cell_of(const wire::JsonNode& node, contracts::ColumnType type);
/// Most that one page of results may hold.
inline constexpr wire::JsonLimits kPageLimits{64U << 20U, 32, 20'000'000};

}  // namespace loquat::engine
