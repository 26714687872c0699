#include "public_address.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace loquat::net {
namespace {

struct Range {
  std::uint32_t first;
  unsigned bits;
};
constexpr std::uint32_t v4(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
  return (a << 24U) | (b << 16U) | (c << 8U);
}
constexpr std::array kSpecial{
    Range{v4(0, 0, 0), 8},      Range{v4(10, 0, 0), 8},     Range{v4(100, 64, 0), 10},
    Range{v4(127, 0, 0), 8},    Range{v4(169, 254, 0), 16}, Range{v4(172, 16, 0), 12},
    Range{v4(192, 0, 0), 24},   Range{v4(192, 0, 2), 24},   Range{v4(192, 88, 99), 24},
    Range{v4(192, 168, 0), 16}, Range{v4(198, 18, 0), 15},  Range{v4(198, 51, 100), 24},
    Range{v4(203, 0, 113), 24}, Range{v4(224, 0, 0), 4},    Range{v4(240, 0, 0), 4}};

bool is_public_v4(std::uint32_t address) {
  return std::ranges::none_of(kSpecial, [address](const Range& range) {
    return (address ^ range.first) >> (32U - range.bits) == 0;
  });
}

std::uint32_t four_bytes(const std::array<unsigned char, 16>& bytes, std::size_t at) {
  return (std::uint32_t{bytes[at]} << 24U) | (std::uint32_t{bytes[at + 1]} << 16U) |
         (std::uint32_t{bytes[at + 2]} << 8U) | std::uint32_t{bytes[at + 3]};
}

bool is_public_v6(const std::array<unsigned char, 16>& bytes) {
  const bool is_zero_to_10 =
      std::all_of(bytes.begin(), bytes.begin() + 10, [](unsigned char byte) { return byte == 0; });
  if (is_zero_to_10 && bytes[10] == 0xFF && bytes[11] == 0xFF)
    return is_public_v4(four_bytes(bytes, 12));  // ::ffff:0:0/96, mapped
  const std::uint32_t head = four_bytes(bytes, 0);
  if (head == 0x0064FF9BU) return is_public_v4(four_bytes(bytes, 12));    // 64:ff9b::/96, NAT64
  if (head >> 16U == 0x2002U) return is_public_v4(four_bytes(bytes, 2));  // 6to4
  if (head == 0x20010DB8U) return false;                                  // documentation
  return head >> 29U == 1;  // 2000::/3 is what is given out
}

}  // namespace

bool is_public_address(const boost::asio::ip::address& address) {
  return address.is_v4() ? is_public_v4(address.to_v4().to_uint())
                         : is_public_v6(address.to_v6().to_bytes());
}

}  // namespace loquat::net
