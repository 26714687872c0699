#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "loquat/base/clock.hpp"

namespace loquat {

using Date = std::chrono::year_month_day;

/// RFC 3339 in UTC with milliseconds: `2025-12-31T23:59:59.123Z`.
[[nodiscard]] std::string format_rfc3339(WallTime time);
/// Reads RFC 3339 with any offset and up to nine fraction digits; nothing if it is malformed.
[[nodiscard]] std::optional<WallTime> parse_rfc3339(std::string_view text);
/// `2025-12-31`.
[[nodiscard]] std::string format_date(Date date);
[[nodiscard]] std::optional<Date> parse_date(std::string_view text);

}  // namespace loquat
