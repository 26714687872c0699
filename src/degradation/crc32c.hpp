#pragma once
#include <cstdint>
#include <string_view>

namespace loquat::degradation {
/// CRC-32C (Castagnoli), RFC 3720 appendix B.4.
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes) noexcept;
}  // namespace loquat::degradation
