#include <algorithm>
#include <boost/asio/ip/address.hpp>

#include "loquat/net/client.hpp"
#include "public_address.hpp"
#include "tcp_stream.hpp"

namespace loquat::net {
namespace {

namespace ip = boost::asio::ip;

struct Network {
  std::uint32_t base;
  int bits;
  bool is_private;  ///< false: for nobody, not even by the settings
};
/// IANA's special-purpose IPv4 registry (RFC 6890).
constexpr Network kNetworks[] = {
    // Where Oracle's and Alibaba's clouds keep credentials; within ranges that are else private.
    {0xC00000C0, 32, false}, {0x646464C8, 32, false}, {0x00000000, 8, false},
    {0xA9FE0000, 16, false}, {0xE0000000, 4, false},  {0xF0000000, 4, false},
    {0x0A000000, 8, true},   {0x7F000000, 8, true},   {0xAC100000, 12, true},
    {0xC0A80000, 16, true},  {0x64400000, 10, true},  {0xC0000000, 24, true},
    {0xC0000200, 24, true},  {0xC6120000, 15, true},  {0xC6336400, 24, true},
    {0xCB007100, 24, true},
};

bool may_connect(ip::address_v4 address, AddressRule rule) {
  const auto bits = address.to_uint();
  for (const auto& network : kNetworks) {
    const std::uint32_t mask = ~std::uint32_t{0} << static_cast<unsigned>(32 - network.bits);
    if ((bits & mask) != network.base) continue;
    return network.is_private && rule == AddressRule::configured;
  }
  return true;
}

/// IPv4 inside IPv6: mapped (RFC 4291), translated (RFC 6052), 6to4 (RFC 3056).
const unsigned char* inner_v4(const ip::address_v6::bytes_type& b) {
  const bool is_zero_10 = std::all_of(b.begin(), b.begin() + 10, [](auto x) { return x == 0; });
  if (is_zero_10 && ((b[10] == 0xFF && b[11] == 0xFF) || (b[10] == 0 && b[11] == 0)))
    return b.data() + 12;
  if (b[0] == 0 && b[1] == 0x64 && b[2] == 0xFF && b[3] == 0x9B) return b.data() + 12;
  if (b[0] == 0x20 && b[1] == 0x02) return b.data() + 2;
  return nullptr;
}

bool may_connect(const ip::address_v6& address, AddressRule rule) {
  if (address.is_loopback()) return rule == AddressRule::configured;
  const auto bytes = address.to_bytes();
  if (address.is_unspecified() || address.is_multicast() || address.is_link_local()) return false;
  if (const auto* v4 = inner_v4(bytes)) {
    const ip::address_v4::bytes_type inner{v4[0], v4[1], v4[2], v4[3]};
    return may_connect(ip::address_v4(inner), rule);
  }
  // Where Amazon's keeps them.
  constexpr ip::address_v6::bytes_type kAmazon{0xFD, 0, 0x0E, 0xC2, 0, 0, 0,    0,
                                               0,    0, 0,    0,    0, 0, 0x02, 0x54};
  if (bytes == kAmazon) return false;
  const bool is_unique_local = (bytes[0] & 0xFEU) == 0xFC || address.is_site_local();
  return !is_unique_local || rule == AddressRule::configured;
}

}  // namespace

std::string text_of(const ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return ip::make_address_v4(ip::v4_mapped, address.to_v6()).to_string();
  return address.to_string();
}

std::string network_of(std::string_view address) {
  boost::system::error_code ec;
  const auto parsed = ip::make_address(address, ec);
  if (ec || !parsed.is_v6()) return std::string(address);
  if (parsed.to_v6().is_v4_mapped()) return text_of(parsed);
  auto bytes = parsed.to_v6().to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
  return ip::address_v6(bytes).to_string() + "/64";
}

bool may_connect(std::string_view address, AddressRule rule) {
  boost::system::error_code ec;
  const auto parsed = ip::make_address(std::string(address), ec);
  if (ec || (rule == AddressRule::public_only && !is_public_address(parsed))) return false;
  return parsed.is_v4() ? may_connect(parsed.to_v4(), rule) : may_connect(parsed.to_v6(), rule);
}

}  // namespace loquat::net
