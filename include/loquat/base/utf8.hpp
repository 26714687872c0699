#pragma once
#include <string>
#include <string_view>

namespace loquat {
/// True if `text` is well-formed UTF-8 (Unicode 15, table 3-7): no overlongs, no surrogates.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;
/// At most `bytes_max` bytes of `text`, cut at a code point's edge.
[[nodiscard]] std::string_view clip_utf8(std::string_view text, std::size_t bytes_max) noexcept;
}  // namespace loquat
