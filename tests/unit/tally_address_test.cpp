// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tally/address.h"

#include <gtest/gtest.h>

#include "tests/support/packet_builder.h"

namespace rstwatch::tally {
namespace {

IpAddress address(std::string_view text) {
    const test::Bytes bytes = test::address_bytes(text);
    return bytes.size() == 4 ? IpAddress::v4(bytes.data()) : IpAddress::v6(bytes.data());
}

TEST(IpAddress, TextIsCanonical) {
    for (const char* text : {"10.0.0.1", "0.0.0.0", "255.255.255.255", "2001:db8::1", "::", "::1", "fe80::1:0:0:1",
                             "2001:db8:1:2:3:4:5:6"})
        EXPECT_EQ(to_string(address(text)), text);
    EXPECT_EQ(to_string(address("2001:0DB8:0:0:1:0:0:1")), "2001:db8::1:0:0:1");
}

TEST(IpAddress, FamiliesAreKept) {
    EXPECT_TRUE(address("10.0.0.1").is_v4());
    EXPECT_FALSE(address("2001:db8::1").is_v4());
    EXPECT_FALSE(address("::").is_v4());
    EXPECT_FALSE(address("::a00:1").is_v4());
    EXPECT_TRUE(address("::ffff:10.0.0.1").is_v4());
    EXPECT_EQ(address("::ffff:10.0.0.1"), address("10.0.0.1"));
    EXPECT_NE(address("::a00:1"), address("10.0.0.1"));
}

TEST(IpAddress, OrderIsThatOfTheBytes) {
    EXPECT_LT(address("10.0.0.1"), address("10.0.0.2"));
    EXPECT_LT(address("9.255.255.255"), address("10.0.0.0"));
    EXPECT_LT(address("2001:db8::1"), address("2001:db9::"));
}

TEST(IpAddress, HalvesTellAddressesApart) {
    EXPECT_NE(address("2001:db8::1").first_half(), address("2001:db9::1").first_half());
    EXPECT_EQ(address("2001:db8::1").second_half(), address("2001:db9::1").second_half());
    EXPECT_EQ(address("10.0.0.1").first_half(), 0U);
}

TEST(Endpoint, TextHasBracketsForIpv6) {
    EXPECT_EQ(to_string(Endpoint{address("10.0.0.1"), 80}), "10.0.0.1:80");
    EXPECT_EQ(to_string(Endpoint{address("2001:db8::1"), 443}), "[2001:db8::1]:443");
    EXPECT_EQ(to_string(Endpoint{address("::"), 0}), "[::]:0");
}

}  // namespace
}  // namespace rstwatch::tally
