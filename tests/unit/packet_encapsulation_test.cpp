// SPDX-License-Identifier: Apache-2.0
// Whatever carries a packet, the packet is what is seen.
#include <gtest/gtest.h>

#include "tests/support/encapsulations.h"
#include "tests/unit/packet_parse.h"

namespace rstwatch::packet {
namespace {

using tally::PacketClass;
using test::Encapsulation;

PacketBuilder carried(const Encapsulation& how, bool is_v6, const PacketBuilder& frame = PacketBuilder().ethernet()) {
    PacketBuilder packet(frame);
    how.add_headers(packet);
    if (is_v6) return packet.ipv6("2001:db8::1", "2001:db8::2").ttl(57);
    return packet.ipv4("10.0.0.1", "10.0.0.2").ttl(57).identification(0x1234);
}

PacketBuilder& as_segment(PacketBuilder& packet) {
    return packet.tcp(40000, 80).syn().seq(7).mss(1460).timestamps(1, 2).window(512).payload("hello");
}

template <typename Test>
void for_each_encapsulation(Test test) {
    for (const Encapsulation& how : test::all_encapsulations()) {
        for (const bool is_v6 : {false, true}) {
            if (!(is_v6 ? how.ipv6 : how.ipv4)) continue;
            SCOPED_TRACE(how.name + (is_v6 ? " with IPv6" : " with IPv4"));
            test(how, is_v6);
        }
    }
}

TEST(Encapsulation, SegmentIsThatOfTheInnermostPacket) {
    for_each_encapsulation([](const Encapsulation& how, bool is_v6) {
        PacketBuilder packet = carried(how, is_v6);
        const PacketView view = parsed(as_segment(packet));
        EXPECT_EQ(view.packet_class, PacketClass::tcp);
        EXPECT_TRUE(view.trackable);
        EXPECT_EQ(tally::to_string(view.source), is_v6 ? "2001:db8::1" : "10.0.0.1");
        EXPECT_EQ(tally::to_string(view.destination), is_v6 ? "2001:db8::2" : "10.0.0.2");
        EXPECT_EQ(view.source_port, 40000);
        EXPECT_EQ(view.destination_port, 80);
        EXPECT_EQ(view.sequence, 7U);
        EXPECT_EQ(view.window, 512);
        EXPECT_EQ(view.ttl, 57);
        EXPECT_EQ(view.ip_id, is_v6 ? 0 : 0x1234);
        EXPECT_NE(view.tcp_checksum, 0);
        EXPECT_EQ(view.payload_length, 5U);
        EXPECT_EQ(view.tcp_flags, tcp_flag::syn);
        EXPECT_EQ(view.tcp_options, tcp_option::timestamps);
        EXPECT_EQ(tally::name(view.tunnel), how.tunnel);
        EXPECT_EQ(view.tunnel_id, how.id);
    });
}

TEST(Encapsulation, ErrorInsideIsAnError) {
    for_each_encapsulation([](const Encapsulation& how, bool is_v6) {
        PacketBuilder packet = carried(how, is_v6);
        const PacketBuilder syn = (is_v6 ? v6() : v4()).tcp(40000, 80).syn().seq(9);
        const PacketView view = parsed(packet.icmp_error(is_v6 ? 1 : 3, 1, syn));
        EXPECT_EQ(view.packet_class, PacketClass::icmp_error);
        EXPECT_TRUE(view.trackable);
        EXPECT_EQ(view.sequence, 9U);
        EXPECT_EQ(tally::to_string(view.icmp_from), is_v6 ? "2001:db8::1" : "10.0.0.1");
    });
}

/// TCP that an ICMP error quotes is no TCP traffic, and a tunnel that it quotes is not followed.
TEST(Encapsulation, QuotedTunnelIsNotFollowed) {
    for_each_encapsulation([](const Encapsulation& how, bool is_v6) {
        PacketBuilder original = carried(how, is_v6);
        as_segment(original);
        const PacketView view =
            parsed(PacketBuilder().ethernet().ipv4("10.0.0.254", "10.0.0.1").icmp_error(3, 1, original));
        EXPECT_EQ(view.packet_class, PacketClass::icmp_error);
        EXPECT_EQ(view.tunnel, tally::Tunnel::none);
    });
}

TEST(Encapsulation, OtherProtocolsInside) {
    for_each_encapsulation([](const Encapsulation& how, bool is_v6) {
        PacketBuilder datagram = carried(how, is_v6), echo = carried(how, is_v6);
        EXPECT_EQ(parsed(datagram.udp(1, 2).payload("hello")).packet_class, PacketClass::other_ip);
        EXPECT_EQ(parsed(echo.icmp_echo()).packet_class, PacketClass::other_ip);
    });
}

/// Whatever the snap length leaves: one class, no read behind it, and the same segment as soon as there is one.
TEST(Encapsulation, CutAnywhere) {
    for_each_encapsulation([](const Encapsulation& how, bool is_v6) {
        PacketBuilder packet = carried(how, is_v6);
        const Bytes frame = as_segment(packet).build();
        const PacketView whole = parsed(LinkType::ethernet, frame, frame.size());
        for (std::size_t length = 0; length <= frame.size(); ++length) {
            SCOPED_TRACE(length);
            const PacketView view = parsed(LinkType::ethernet, frame, length);
            ASSERT_LT(static_cast<std::size_t>(view.packet_class), tally::packet_class_count);
            if (!view.trackable) continue;
            EXPECT_EQ(view.packet_class, PacketClass::tcp);
            EXPECT_EQ(view.source, whole.source);
            EXPECT_EQ(view.sequence, whole.sequence);
            EXPECT_EQ(view.payload_length, whole.payload_length);
            EXPECT_EQ(view.tunnel, whole.tunnel);
            EXPECT_EQ(view.wire_length, whole.wire_length);
        }
    });
}

/// Each byte of each header wrong, in frames captured whole and cut: one class, no read behind the end.
TEST(Encapsulation, AnyByteMayLie) {
    for_each_encapsulation([](const Encapsulation& how, bool is_v6) {
        PacketBuilder packet = carried(how, is_v6);
        Bytes frame = as_segment(packet).build();
        for (std::size_t at = 0; at < frame.size(); ++at) {
            const std::uint8_t truth = frame[at];
            for (const std::uint8_t lie : {0x00, 0x01, 0x02, 0x45, 0x60, 0x7F, 0x80, 0xFE, 0xFF}) {
                frame[at] = lie;
                for (const std::size_t on_wire : {frame.size(), unknown_length}) {
                    const PacketView view = parsed(LinkType::ethernet, frame, frame.size(), on_wire);
                    ASSERT_LT(static_cast<std::size_t>(view.packet_class), tally::packet_class_count);
                    const bool may_be_tracked =
                        view.packet_class == PacketClass::tcp || view.packet_class == PacketClass::icmp_error;
                    ASSERT_TRUE(may_be_tracked || !view.trackable) << at;
                }
                (void)parsed(LinkType::ethernet, frame, at);
            }
            frame[at] = truth;
        }
    });
}

TEST(Encapsulation, OnEveryLinkLayer) {
    const std::pair<LinkType, test::LinkType> links[] = {
        {LinkType::linux_sll, test::LinkType::linux_sll},
        {LinkType::linux_sll2, test::LinkType::linux_sll2},
        {LinkType::cisco_hdlc, test::LinkType::cisco_hdlc},
    };
    for (const auto& [link, written] : links) {
        for_each_encapsulation([&](const Encapsulation& how, bool is_v6) {
            if (how.name == "snap") return;  // of IEEE 802.3 frames only
            PacketBuilder packet = carried(how, is_v6, PacketBuilder().link(written));
            EXPECT_TRUE(parsed(link, as_segment(packet)).trackable);
        });
    }
}

TEST(Encapsulation, TagsAreNotedWhereverTheyAre) {
    PacketBuilder inner = PacketBuilder().ethernet().vlan(5).ipv4("192.0.2.1", "192.0.2.2").gre().ethernet().vlan(6);
    const PacketView view = parsed(inner.vlan(7).ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 80).syn());
    EXPECT_EQ(view.vlan_count, 3);
    EXPECT_EQ(view.vlan, (std::array<std::uint16_t, 2>{5, 6}));
}

/// Sixteen encapsulations are followed; deeper ones stay what they are found in.
TEST(Encapsulation, NestingIsBounded) {
    const auto nested = [](int count) {
        PacketBuilder packet = v4();
        for (int i = 0; i < count; ++i) packet.ipv4("10.0.0.1", "10.0.0.2");
        return parsed(packet.tcp(40000, 80).syn());
    };
    EXPECT_EQ(nested(16).packet_class, PacketClass::tcp);
    EXPECT_EQ(nested(17).packet_class, PacketClass::other_ip);
    EXPECT_EQ(nested(200).packet_class, PacketClass::other_ip);

    PacketBuilder frames = PacketBuilder().ethernet();
    for (int i = 0; i < 40; ++i) frames.fabric_path().ethernet();
    EXPECT_EQ(parsed(frames.ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2)).packet_class, PacketClass::non_ip);
    PacketBuilder headers = v4();
    for (int i = 0; i < 40; ++i) headers.authentication_header();
    EXPECT_EQ(parsed(headers.tcp(1, 2)).packet_class, PacketClass::other_ip);
}

}  // namespace
}  // namespace rstwatch::packet
