// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <gtest/gtest.h>

#include "config/text_form.h"

namespace rstwatch::config {
namespace {

std::array<std::uint8_t, 16> address(const char* text) {
    std::array<std::uint8_t, 16> bytes{};
    if (inet_pton(AF_INET6, text, bytes.data()) == 1) return bytes;
    bytes[10] = bytes[11] = 0xff;
    EXPECT_EQ(inet_pton(AF_INET, text, bytes.data() + 12), 1) << text;
    return bytes;
}

bool contains(const char* networks, const char* host) {
    const auto list = networks_of(networks);
    return std::any_of(list.begin(), list.end(), [&](const Network& net) { return net.contains(address(host)); });
}

TEST(Networks, HoldWhatBeginsLikeThem) {
    EXPECT_TRUE(contains("10.0.0.0/8", "10.255.255.255"));
    EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.0"));
    EXPECT_TRUE(contains("172.16.0.0/12", "172.31.255.255"));
    EXPECT_FALSE(contains("172.16.0.0/12", "172.32.0.0"));
    EXPECT_TRUE(contains("192.0.2.1", "192.0.2.1"));
    EXPECT_FALSE(contains("192.0.2.1", "192.0.2.2"));
    EXPECT_TRUE(contains("2001:db8::/33", "2001:db8:7fff::1"));
    EXPECT_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
}

TEST(Networks, OfOneFamilyHoldNoneOfTheOther) {
    EXPECT_TRUE(contains("0.0.0.0/0", "203.0.113.1"));
    EXPECT_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
    EXPECT_FALSE(contains("2000::/3", "32.1.13.184"));
}

TEST(Networks, AreListedWithCommas) {
    EXPECT_EQ(networks_of("").size(), 0u);
    EXPECT_TRUE(contains("10.0.0.0/8, fc00::/7", "fd00::1"));
}

}  // namespace
}  // namespace rstwatch::config
