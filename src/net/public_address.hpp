#pragma once
#include <boost/asio/ip/address.hpp>

namespace loquat::net {

/// Whether an address is anybody's on the internet: not loopback, link-local, private, shared,
/// multicast, reserved or for documentation; an IPv4 address inside an IPv6 one counts as itself.
/// Source: the special-purpose registries of RFC 6890.
[[nodiscard]] bool is_public_address(const boost::asio::ip::address& address);

}  // namespace loquat::net
