#pragma once
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "loquat/base/clock.hpp"

/// Small words of headers. Pure.
namespace loquat::edge {

/// Visible ASCII without blanks, 1 to `bytes_max` of it.
[[nodiscard]] bool is_printable(std::string_view text, std::size_t bytes_max);
/// The value of one cookie in a Cookie header; empty if it is not there.
[[nodiscard]] std::string_view cookie_of(std::string_view header, std::string_view name);
/// True if a Host header is a name of the Internet: it has a dot, and is no loopback address.
[[nodiscard]] bool is_foreign_name(std::string_view host);
/// Retry-After: whole seconds, at least one.
[[nodiscard]] std::string retry_seconds(
    Clock::duration wait, std::int64_t most = std::numeric_limits<std::int64_t>::max());

}  // namespace loquat::edge
