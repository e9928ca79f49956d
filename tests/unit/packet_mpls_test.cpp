// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/mpls.h"

#include <gtest/gtest.h>

#include "tests/unit/packet_parse.h"

namespace rstwatch::packet {
namespace {

using tally::PacketClass;

PacketClass class_below_labels(const PacketBuilder& packet) {
    return parsed_whole(packet).packet_class;
}

TEST(Mpls, StackWithoutBottomIsMalformed) {
    Bytes frame = PacketBuilder().ethernet().mpls(1).build();
    frame[16] &= 0xFE;
    EXPECT_EQ(parsed(LinkType::ethernet, frame, frame.size()).packet_class, PacketClass::malformed);
    for (std::size_t length = 14; length < 18; ++length)
        EXPECT_EQ(parsed(LinkType::ethernet, frame, length).packet_class, PacketClass::malformed);
}

/// Nothing says what is behind the labels: what does not look like IP is something else.
TEST(Mpls, WhatIsNotKnownIsNotIp) {
    EXPECT_EQ(class_below_labels(PacketBuilder().ethernet().mpls(1)), PacketClass::non_ip);
    for (const int first : {0x00, 0x10, 0x45, 0x60, 0xFF})
        EXPECT_EQ(class_below_labels(PacketBuilder().ethernet().mpls(1).payload_of(60, static_cast<char>(first))),
                  PacketClass::non_ip);
    EXPECT_EQ(
        class_below_labels(PacketBuilder().ethernet().mpls(1).ipv4("1.1.1.1", "2.2.2.2").ip_header_words(2).tcp(1, 2)),
        PacketClass::non_ip);
    EXPECT_EQ(class_below_labels(PacketBuilder().ethernet().mpls(1).pseudowire().ethernet().arp("1.1.1.1", "2.2.2.2")),
              PacketClass::non_ip);
}

TEST(Mpls, PacketBehindItMustHoldWhatItSays) {
    EXPECT_EQ(
        class_below_labels(PacketBuilder().ethernet().mpls(1).ipv4("1.1.1.1", "2.2.2.2").total_length(30).tcp(1, 2)),
        PacketClass::malformed);
}

TEST(Mpls, UpstreamLabels) {
    EXPECT_TRUE(
        parsed(PacketBuilder().ethernet().ether_type(0x8848).mpls(1).ipv4("1.1.1.1", "2.2.2.2").tcp(1, 2)).trackable);
}

}  // namespace
}  // namespace rstwatch::packet
