// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/link.h"

#include <gtest/gtest.h>

#include "tests/unit/packet_parse.h"

namespace rstwatch::packet {
namespace {

using tally::PacketClass;

void expect_syn(const PacketView& view, bool is_v6) {
    EXPECT_EQ(view.packet_class, PacketClass::tcp);
    EXPECT_TRUE(view.trackable);
    EXPECT_EQ(view.tcp_flags, tcp_flag::syn);
    EXPECT_EQ(view.source_port, 40000);
    EXPECT_EQ(view.destination_port, 7211);
    EXPECT_EQ(tally::to_string(view.source), is_v6 ? "2001:db8::1" : "10.0.0.1");
    EXPECT_EQ(tally::to_string(view.destination), is_v6 ? "2001:db8::2" : "10.0.0.2");
}

PacketBuilder& add_syn(PacketBuilder& packet, bool is_v6) {
    if (is_v6) {
        packet.ipv6("2001:db8::1", "2001:db8::2");
    } else {
        packet.ipv4("10.0.0.1", "10.0.0.2");
    }
    return packet.tcp(40000, 7211).syn();
}

void expect_parsed(LinkType link, const PacketBuilder& header, std::size_t header_length) {
    for (const bool is_v6 : {false, true}) {
        PacketBuilder packet(header);
        const PacketView view = parsed(link, add_syn(packet, is_v6));
        expect_syn(view, is_v6);
        EXPECT_EQ(view.wire_length, header_length + (is_v6 ? 40 : 20) + 20);
    }
}

TEST(Link, Ethernet) {
    expect_parsed(LinkType::ethernet, PacketBuilder().ethernet(), 14);
}
TEST(Link, Cooked) {
    expect_parsed(LinkType::linux_sll, PacketBuilder().linux_sll(), 16);
}
TEST(Link, CookedSecondVersion) {
    expect_parsed(LinkType::linux_sll2, PacketBuilder().linux_sll2(), 20);
}
TEST(Link, RawIp) {
    expect_parsed(LinkType::raw_ip, PacketBuilder(), 0);
}
TEST(Link, OpenBsdLoopback) {
    expect_parsed(LinkType::loop, PacketBuilder().loop(), 4);
}

TEST(Link, BsdLoopbackInBothByteOrders) {
    for (const bool swapped : {false, true}) {
        for (const std::uint32_t family : {10U, 24U, 28U, 30U})
            expect_parsed(LinkType::null_loopback, PacketBuilder().null_loopback(swapped, family), 4);
    }
}

TEST(Link, AddressFamilies) {
    EXPECT_EQ(type_of_family(2), ether_type::ipv4);
    EXPECT_EQ(type_of_family(0x02000000), ether_type::ipv4);
    for (const std::uint32_t family : {10U, 24U, 28U, 30U}) {
        EXPECT_EQ(type_of_family(family), ether_type::ipv6);
        EXPECT_EQ(type_of_family(family << 24), ether_type::ipv6);
    }
    for (const std::uint32_t family : {0U, 1U, 3U, 7U, 31U, 0x00000200U, 0x00020000U, 0xFFFFFFFFU})
        EXPECT_EQ(type_of_family(family), ether_type::none) << family;
}

TEST(Link, UnknownFamilyIsNotIp) {
    const Bytes frame = {0, 0, 0, 7, 0x45, 0, 0, 20};
    EXPECT_EQ(parsed(LinkType::null_loopback, frame, frame.size()).packet_class, PacketClass::non_ip);
}

TEST(Link, RawIpOfNoVersionIsNotIp) {
    for (const std::uint8_t first : {0x00, 0x35, 0x50, 0x75, 0xFF}) {
        const Bytes frame(40, first);
        EXPECT_EQ(parsed(LinkType::raw_ip, frame, frame.size()).packet_class, PacketClass::non_ip);
    }
}

TEST(Link, VlanTagsAreSkippedAndNoted) {
    PacketBuilder tagged = PacketBuilder().ethernet().vlan(100, 5);
    PacketView view = parsed(add_syn(tagged, false));
    expect_syn(view, false);
    EXPECT_EQ(view.vlan_count, 1);
    EXPECT_EQ(view.vlan, (std::array<std::uint16_t, 2>{100, 0}));
    EXPECT_EQ(view.wire_length, 58U);

    PacketBuilder doubly = PacketBuilder().ethernet().qinq(4095, 20);
    view = parsed(add_syn(doubly, true));
    expect_syn(view, true);
    EXPECT_EQ(view.vlan_count, 2);
    EXPECT_EQ(view.vlan, (std::array<std::uint16_t, 2>{4095, 20}));

    PacketBuilder legacy = PacketBuilder().ethernet().vlan(7, 0, 0x9100).vlan(8);
    view = parsed(add_syn(legacy, false));
    expect_syn(view, false);
    EXPECT_EQ(view.vlan, (std::array<std::uint16_t, 2>{7, 8}));

    PacketBuilder triply = PacketBuilder().ethernet().vlan(1).vlan(2).vlan(3);
    view = parsed(add_syn(triply, false));
    expect_syn(view, false);
    EXPECT_EQ(view.vlan_count, 3);
    EXPECT_EQ(view.vlan, (std::array<std::uint16_t, 2>{1, 2}));

    PacketBuilder cooked = PacketBuilder().linux_sll().vlan(9);
    view = parsed(LinkType::linux_sll, add_syn(cooked, false));
    expect_syn(view, false);
    EXPECT_EQ(view.vlan[0], 9);
}

TEST(Link, TagsWithoutEndAreCountedWithoutOverflow) {
    Bytes frame(14 + 300 * 4 + 2, 0);
    frame[12] = 0x81;
    for (std::size_t at = 16; at + 1 < frame.size(); at += 4) frame[at] = 0x81;
    const PacketView view = parsed(LinkType::ethernet, frame, frame.size());
    EXPECT_EQ(view.vlan_count, 255);
    EXPECT_FALSE(view.trackable);
}

TEST(Link, FrameThatEndsInItsHeaderIsMalformed) {
    const auto classes = [](LinkType link, std::size_t header) {
        const Bytes zeros(header, 0);
        for (std::size_t length = 0; length < header; ++length)
            EXPECT_EQ(parsed(link, zeros, length).packet_class, PacketClass::malformed) << length;
        EXPECT_EQ(parsed(link, zeros, header).packet_class, PacketClass::non_ip);
    };
    classes(LinkType::ethernet, 14);
    classes(LinkType::linux_sll, 16);
    classes(LinkType::linux_sll2, 20);
    classes(LinkType::raw_ip, 1);
    classes(LinkType::null_loopback, 4);
    classes(LinkType::loop, 4);
}

TEST(Link, FrameThatEndsInATagIsMalformed) {
    PacketBuilder tagged = PacketBuilder().ethernet().vlan(100);
    const Bytes frame = add_syn(tagged, false).build();
    for (std::size_t length = 14; length < 18; ++length)
        EXPECT_EQ(parsed(LinkType::ethernet, frame, length).packet_class, PacketClass::malformed) << length;
}

TEST(Link, OtherTypesAreNotIp) {
    const PacketView arp = parsed(PacketBuilder().ethernet().arp("10.0.0.1", "10.0.0.2"));
    EXPECT_EQ(arp.packet_class, PacketClass::non_ip);
    EXPECT_FALSE(arp.trackable);
    EXPECT_EQ(arp.wire_length, 42U);
    PacketBuilder tagged_arp = PacketBuilder().ethernet().vlan(5).arp("10.0.0.1", "10.0.0.2");
    EXPECT_EQ(parsed(tagged_arp).packet_class, PacketClass::non_ip);
    PacketBuilder length_field = PacketBuilder().ethernet().ether_type(0x0026);
    EXPECT_EQ(parsed(add_syn(length_field, false)).packet_class, PacketClass::non_ip);
}

}  // namespace
}  // namespace rstwatch::packet
