// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/ppp.h"

#include <gtest/gtest.h>

#include "tests/unit/packet_parse.h"

namespace rstwatch::packet {
namespace {

using tally::PacketClass;

PacketView behind(LinkType link, PacketBuilder packet, bool is_v6) {
    if (is_v6) return parsed(link, packet.ipv6("2001:db8::1", "2001:db8::2").tcp(1, 2).syn());
    return parsed(link, packet.ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).syn());
}

TEST(Ppp, LinkLayers) {
    for (const bool is_v6 : {false, true}) {
        EXPECT_TRUE(behind(LinkType::ppp, PacketBuilder().ppp(), is_v6).trackable);
        EXPECT_TRUE(behind(LinkType::ppp, PacketBuilder().ppp(true), is_v6).trackable);
        EXPECT_TRUE(behind(LinkType::ppp, PacketBuilder().ppp(true, true), is_v6).trackable);
        EXPECT_TRUE(behind(LinkType::ppp, PacketBuilder().ppp(false, true), is_v6).trackable);
        EXPECT_TRUE(behind(LinkType::ppp_serial, PacketBuilder().ppp(true), is_v6).trackable);
        EXPECT_TRUE(behind(LinkType::ppp_serial, PacketBuilder().cisco_hdlc(), is_v6).trackable);
        EXPECT_TRUE(behind(LinkType::ppp_ether, PacketBuilder().pppoe(1), is_v6).trackable);
        EXPECT_TRUE(behind(LinkType::cisco_hdlc, PacketBuilder().cisco_hdlc(), is_v6).trackable);
    }
}

TEST(Ppp, CutOrOther) {
    const Bytes lcp = {0xFF, 3, 0xC0, 0x21, 9, 0, 0, 8};
    EXPECT_EQ(parsed(LinkType::ppp, lcp, lcp.size()).packet_class, PacketClass::non_ip);
    for (const std::size_t length : {0U, 2U, 3U})
        EXPECT_EQ(parsed(LinkType::ppp, lcp, length).packet_class, PacketClass::malformed) << length;
    EXPECT_EQ(parsed(LinkType::cisco_hdlc, lcp, 3).packet_class, PacketClass::malformed);
    EXPECT_EQ(parsed(LinkType::ppp_serial, lcp, 1).packet_class, PacketClass::malformed);
}

TEST(Pppoe, DiscoveryAndOddVersionsAreNotIp) {
    Bytes frame = PacketBuilder().ethernet().pppoe(1).ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).build();
    EXPECT_TRUE(parsed(LinkType::ethernet, frame, frame.size()).trackable);
    frame[15] = 9;  // a code other than 0 is no session data
    EXPECT_EQ(parsed(LinkType::ethernet, frame, frame.size()).packet_class, PacketClass::non_ip);
    frame[15] = 0;
    frame[14] = 0x21;
    EXPECT_EQ(parsed(LinkType::ethernet, frame, frame.size()).packet_class, PacketClass::non_ip);
}

TEST(Pppoe, CutInsideIsMalformed) {
    const Bytes frame = PacketBuilder().ethernet().pppoe(1).ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).build();
    for (std::size_t length = 14; length < 22; ++length)
        EXPECT_EQ(parsed(LinkType::ethernet, frame, length).packet_class, PacketClass::malformed) << length;
}

}  // namespace
}  // namespace rstwatch::packet
