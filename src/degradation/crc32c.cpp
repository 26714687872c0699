#include "crc32c.hpp"

#include <array>

namespace loquat::degradation {
namespace {

constexpr std::uint32_t kPolynomial = 0x82F63B78U;  // reflected

/// Table k advances by k more bytes of zeros: eight bytes at a step ("slicing by 8", Kounavis and
/// Berry, 2005).
using Tables = std::array<std::array<std::uint32_t, 256>, 8>;
constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit)
      value = (value >> 1U) ^ ((value & 1U) != 0 ? kPolynomial : 0U);
    tables[0][i] = value;
  }
  for (std::size_t k = 1; k < tables.size(); ++k)
    for (std::size_t i = 0; i < 256; ++i)
      tables[k][i] = (tables[k - 1][i] >> 8U) ^ tables[0][tables[k - 1][i] & 0xFFU];
  return tables;
}
constexpr Tables kTables = make_tables();

/// Little endian, whatever the machine is.
std::uint32_t word_at(const char* at) {
  std::uint32_t word = 0;
  for (unsigned i = 0; i < 4; ++i)
    word |= static_cast<std::uint32_t>(static_cast<unsigned char>(at[i])) << (8U * i);
  return word;
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) noexcept {
  std::uint32_t crc = 0xFFFFFFFFU;
  while (bytes.size() >= 8) {
    const std::uint32_t low = word_at(bytes.data()) ^ crc;
    const std::uint32_t high = word_at(bytes.data() + 4);
    crc = 0;
    for (unsigned i = 0; i < 4; ++i)
      crc ^= kTables[7 - i][(low >> (8U * i)) & 0xFFU] ^ kTables[3 - i][(high >> (8U * i)) & 0xFFU];
    bytes.remove_prefix(8);
  }
  for (const char c : bytes)
    crc = (crc >> 8U) ^ kTables[0][(crc ^ static_cast<unsigned char>(c)) & 0xFFU];
  return crc ^ 0xFFFFFFFFU;
}

}  // namespace loquat::degradation
