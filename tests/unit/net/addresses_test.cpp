#include <gtest/gtest.h>

#include "loquat/net/client.hpp"

namespace loquat::net {
namespace {

TEST(Addresses, OfOneNetworkCountTogether) {
  EXPECT_EQ(network_of("10.1.2.3"), "10.1.2.3");
  EXPECT_EQ(network_of("::ffff:10.1.2.3"), "10.1.2.3");
  EXPECT_EQ(network_of("2001:db8:1:2:3:4:5:6"), network_of("2001:db8:1:2:ffff::1"));
  EXPECT_NE(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:3::1"));
  EXPECT_EQ(network_of("nonsense"), "nonsense");
}
TEST(Addresses, OfRequestsArePublicAlone) {
  for (const auto* address : {"127.0.0.1",
                              "127.9.9.9",
                              "10.1.2.3",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.168.1.1",
                              "100.64.0.1",
                              "169.254.169.254",
                              "0.0.0.0",
                              "0.1.2.3",
                              "224.0.0.1",
                              "255.255.255.255",
                              "198.18.0.1",
                              "::1",
                              "::",
                              "fe80::1",
                              "fc00::1",
                              "fd12:3456::1",
                              "ff02::1",
                              "::ffff:127.0.0.1",
                              "::ffff:169.254.169.254",
                              "::127.0.0.1",
                              "64:ff9b::a9fe:a9fe",
                              "2002:7f00:1::",
                              "not an address",
                              ""})
    EXPECT_FALSE(may_connect(address, AddressRule::public_only)) << address;
  for (const auto* address :
       {"93.184.216.34", "172.32.0.1", "11.0.0.1", "2606:2800:220:1::1", "::ffff:93.184.216.34"})
    EXPECT_TRUE(may_connect(address, AddressRule::public_only)) << address;
}
TEST(Addresses, OfSettingsReachOwnNetworksButNeverWhereCloudsKeepCredentials) {
  for (const auto* address : {"127.0.0.1", "10.1.2.3", "192.168.1.1", "::1", "fd12::1"})
    EXPECT_TRUE(may_connect(address, AddressRule::configured)) << address;
  for (const auto* address :
       {"169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "fe80::1", "0.0.0.0",
        "::", "224.0.0.1", "255.255.255.255", "192.0.0.192", "100.100.100.200", "fd00:ec2::254"})
    EXPECT_FALSE(may_connect(address, AddressRule::configured)) << address;
}

}  // namespace
}  // namespace loquat::net
