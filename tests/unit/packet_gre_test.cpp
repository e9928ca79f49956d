// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/gre.h"

#include <gtest/gtest.h>

#include "tests/unit/packet_parse.h"

namespace rstwatch::packet {
namespace {

using tally::PacketClass;

PacketView with_header(const Bytes& header) {
    PacketBuilder packet = v4().ip_protocol(47).payload(header);
    return parsed(packet.ipv4("1.1.1.1", "2.2.2.2").tcp(1, 2).syn());
}

TEST(Gre, EveryOptionalField) {
    const Bytes checksum = {0x80, 0, 8, 0, 1, 2, 0, 0};
    const Bytes sequence = {0x10, 0, 8, 0, 0, 0, 0, 1};
    const Bytes all = {0xB0, 0, 8, 0, 1, 2, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1};
    EXPECT_TRUE(with_header(checksum).trackable);
    EXPECT_TRUE(with_header(sequence).trackable);
    EXPECT_TRUE(with_header(all).trackable);
    EXPECT_EQ(with_header(all).tunnel_id, 9U);
    EXPECT_EQ(with_header(sequence).tunnel_id, 0U);
}

TEST(Gre, WhatIsNotDecodedIsOtherIp) {
    const Bytes routed = {0x40, 0, 8, 0, 0, 0, 0, 0};
    const Bytes version_2 = {0, 2, 8, 0};
    const Bytes keepalive = {0, 0, 0, 0};
    const Bytes aruba = {0, 0, 0x82, 0};
    const Bytes aruba_that_looks_like_a_tag = {0, 0, 0x91, 0};
    const Bytes pptp_without_payload = {0x20, 0x81, 0x88, 0x0B, 0, 0, 0, 9, 0, 0, 0, 1};
    const Bytes version_1_with_ip = {0x30, 1, 8, 0, 0, 0, 0, 9, 0, 0, 0, 1};
    for (const Bytes& header :
         {routed, version_2, keepalive, aruba, aruba_that_looks_like_a_tag, pptp_without_payload, version_1_with_ip}) {
        const PacketView view = with_header(header);
        EXPECT_EQ(view.packet_class, PacketClass::other_ip);
        EXPECT_EQ(view.tunnel, tally::Tunnel::none);
        EXPECT_EQ(tally::to_string(view.source), "10.0.0.1");
    }
}

TEST(Gre, WhatItCallsIpMustBeIp) {
    const auto inner = [](PacketBuilder packet) { return parsed(packet).packet_class; };
    EXPECT_EQ(inner(v4().gre().ipv4("1.1.1.1", "2.2.2.2").ip_header_words(2).tcp(1, 2)), PacketClass::malformed);
    EXPECT_EQ(inner(v4().gre().ipv4("1.1.1.1", "2.2.2.2").total_length(400).tcp(1, 2)), PacketClass::malformed);
    EXPECT_EQ(inner(v4().gre().ipv6("::1", "::2").payload_length(400).tcp(1, 2)), PacketClass::malformed);
    EXPECT_EQ(inner(v4().gre().ipv6("::1", "::2").hop_by_hop().extension_length(90).tcp(1, 2)), PacketClass::malformed);
    EXPECT_EQ(inner(v4().ipv4("1.1.1.1", "2.2.2.2").ip_version(5).tcp(1, 2)), PacketClass::malformed);
    EXPECT_EQ(inner(v4().gre().ethernet().arp("1.1.1.1", "2.2.2.2")), PacketClass::other_ip);
    EXPECT_EQ(inner(v4().gre().ethernet()), PacketClass::other_ip);
}

TEST(Gre, HeaderThatIsCutIsOtherIp) {
    const Bytes frame = v4().gre(42).ipv4("1.1.1.1", "2.2.2.2").tcp(1, 2).syn().build();
    for (std::size_t length = 34; length < 42; ++length)
        EXPECT_EQ(parsed(LinkType::ethernet, frame, length).packet_class, PacketClass::other_ip) << length;
    EXPECT_EQ(parsed(LinkType::ethernet, frame, 42).packet_class, PacketClass::malformed);  // it says IPv4
}

}  // namespace
}  // namespace rstwatch::packet
