// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/plain_segment.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>
#include <vector>

#include "tests/unit/packet_parse.h"

namespace rstwatch::packet {
namespace {

/// Of the first `length` bytes; parsed() holds what it says against what parse() says.
bool is_plain(const Bytes& frame, std::size_t length) {
    (void)parsed(LinkType::ethernet, frame, length);
    PlainSegment plain;
    return parse_plain_segment({LinkType::ethernet, frame.data(), length, length, unknown_length}, plain);
}
bool is_plain(const PacketBuilder& packet) {
    const Bytes frame = packet.build();
    return is_plain(frame, frame.size());
}

/// Everything that stands in front of the TCP header of a segment of which the shortcut is to know.
std::vector<PacketBuilder> usual_clothes() {
    return {PacketBuilder().ethernet().ipv4("10.0.0.1", "172.16.0.9"),
            PacketBuilder().ethernet().vlan(10).ipv4("10.0.0.1", "172.16.0.9"),
            PacketBuilder().ethernet().qinq(10, 20).ipv4("10.0.0.1", "172.16.0.9"),
            PacketBuilder().ethernet().ipv6("2001:db8::1", "2001:db8:1::2"),
            PacketBuilder().ethernet().vlan(10).ipv6("2001:db8::1", "2001:db8:1::2"),
            PacketBuilder().ethernet().qinq(10, 20).ipv6("2001:db8::1", "2001:db8:1::2")};
}

PacketBuilder data_in(PacketBuilder clothes) {
    return clothes.tcp(40000, 443).seq(7).ack(8).nop().nop().timestamps(1, 2).payload_of(10);
}

TEST(PlainSegment, DataAndAcknowledgementsInAllClothes) {
    for (const PacketBuilder& clothes : usual_clothes()) {
        EXPECT_TRUE(is_plain(data_in(clothes)));
        EXPECT_TRUE(is_plain(data_in(clothes).psh().ece().urg()));
        EXPECT_TRUE(is_plain(PacketBuilder(clothes).tcp(1, 2).ack(0)));
        EXPECT_TRUE(is_plain(PacketBuilder(clothes).tcp(1, 2).ack(0).pad_to_60()));
    }
}

TEST(PlainSegment, WhatMakesOrEndsConnectionsIsNone) {
    for (const PacketBuilder& clothes : usual_clothes()) {
        EXPECT_FALSE(is_plain(data_in(clothes).syn()));
        EXPECT_FALSE(is_plain(data_in(clothes).fin()));
        EXPECT_FALSE(is_plain(data_in(clothes).rst()));
        EXPECT_FALSE(is_plain(data_in(clothes).flags(0)));
        EXPECT_FALSE(is_plain(data_in(clothes).flags(packet::tcp_flag::psh)));
    }
}

TEST(PlainSegment, BothDirectionsHaveOneFold) {
    for (const auto& [one, other] : {std::pair("10.0.0.1", "172.16.0.9"), std::pair("2001:db8::1", "2001:db8:1::2")}) {
        const auto from = [](const char* source, const char* destination) {
            const bool v6 = std::string_view(source).find(':') != std::string_view::npos;
            PacketBuilder builder = PacketBuilder().ethernet();
            return v6 ? builder.ipv6(source, destination) : builder.ipv4(source, destination);
        };
        const PacketView there = parsed(from(one, other).tcp(40000, 443).ack(1));
        const PacketView back = parsed(from(other, one).tcp(443, 40000).ack(1));
        const PacketView another = parsed(from(other, one).tcp(443, 40001).ack(1));
        EXPECT_TRUE(fold_of(there) == fold_of(back));
        EXPECT_FALSE(fold_of(there) == fold_of(another));
    }
}

TEST(PlainSegment, WhatWasCutIsNone) {
    for (const PacketBuilder& clothes : usual_clothes()) {
        const Bytes frame = data_in(clothes).build();
        for (std::size_t length = 0; length < frame.size(); ++length) EXPECT_FALSE(is_plain(frame, length)) << length;
        EXPECT_TRUE(is_plain(frame, frame.size()));
    }
}

TEST(PlainSegment, WhatLiesOrIsUnusualTakesACloserLook) {
    const PacketBuilder ipv4 = usual_clothes()[0], ipv6 = usual_clothes()[3];
    for (const PacketBuilder& clothes : usual_clothes()) {
        EXPECT_FALSE(is_plain(data_in(clothes).data_offset(4)));
        EXPECT_FALSE(is_plain(data_in(clothes).data_offset(15)));
        EXPECT_FALSE(is_plain(data_in(clothes).ip_protocol(17)));
    }
    EXPECT_FALSE(is_plain(data_in(ipv4).total_length(0)));
    EXPECT_FALSE(is_plain(data_in(ipv4).total_length(39)));
    EXPECT_FALSE(is_plain(data_in(ipv4).total_length(1500)));
    EXPECT_FALSE(is_plain(data_in(ipv4).more_fragments()));
    EXPECT_FALSE(is_plain(data_in(ipv4).fragment_offset(1)));
    EXPECT_FALSE(is_plain(data_in(ipv4).ip_version(6)));
    EXPECT_FALSE(is_plain(data_in(ipv4).ip_options({1, 1, 1, 0})));
    EXPECT_FALSE(is_plain(data_in(ipv6).payload_length(0)));
    EXPECT_FALSE(is_plain(data_in(ipv6).payload_length(1500)));
    EXPECT_FALSE(is_plain(data_in(ipv6).ip_version(4)));
    EXPECT_FALSE(is_plain(data_in(PacketBuilder(ipv6).hop_by_hop())));
    EXPECT_FALSE(is_plain(data_in(PacketBuilder().ethernet().qinq(1, 2).vlan(3).ipv4("10.0.0.1", "10.0.0.2"))));
    EXPECT_FALSE(is_plain(PacketBuilder().ethernet().arp("10.0.0.1", "10.0.0.2").pad_to_60()));
}

}  // namespace
}  // namespace rstwatch::packet
