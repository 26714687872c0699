#include "public_address.hpp"

#include <gtest/gtest.h>

namespace loquat::net {
namespace {

bool is_public(const char* text) { return is_public_address(boost::asio::ip::make_address(text)); }

TEST(PublicAddress, IsWhatTheInternetRoutes) {
  for (const auto* text : {"8.8.8.8", "100.63.0.1", "172.15.0.1", "172.32.0.1", "192.167.1.1",
                           "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"})
    EXPECT_TRUE(is_public(text)) << text;
}

TEST(PublicAddress, IsNoneOfThoseInsideAHouse) {
  for (const auto* text :
       {"127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.169.254",
        "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fd00::1",
        "ff02::1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "2002:a00:1::", "2001:db8::1"})
    EXPECT_FALSE(is_public(text)) << text;
}

}  // namespace
}  // namespace loquat::net
