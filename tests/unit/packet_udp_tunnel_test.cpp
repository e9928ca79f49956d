// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/parser.h"
#include "dataplane/packet/udp_tunnel.h"

#include <gtest/gtest.h>

#include "tests/support/mutator.h"
#include "tests/unit/packet_parse.h"

namespace rstwatch::packet {
namespace {

using tally::PacketClass;

PacketBuilder datagram(std::uint16_t port) {
    return v4().udp(50000, port);
}

/// A datagram that was taken for a tunnel and is none: its own addresses stand.
void expect_plain(const PacketBuilder& packet) {
    const PacketView view = parsed(packet);
    EXPECT_EQ(view.packet_class, PacketClass::other_ip);
    EXPECT_EQ(view.tunnel, tally::Tunnel::none);
    EXPECT_EQ(view.tunnel_id, 0U);
    EXPECT_EQ(view.vlan_count, 0);
    EXPECT_EQ(tally::to_string(view.source), "10.0.0.1");
    EXPECT_EQ(view.ttl, 57);
}

constexpr std::uint16_t ports[] = {4789, 8472, 4790, 6081, 2152, 1701, 3544, 5072};

TEST(UdpTunnel, PortAloneIsNoTunnel) {
    for (const std::uint16_t port : ports) {
        SCOPED_TRACE(port);
        expect_plain(datagram(port));
        for (const int fill : {0x00, 0x08, 0x30, 0x41, 0x45, 0x60, 0xFF})
            for (const std::size_t size : {1U, 7U, 8U, 40U, 200U})
                expect_plain(datagram(port).payload_of(size, static_cast<char>(fill)));
    }
}

TEST(UdpTunnel, HeaderThatIsCutOrWrong) {
    const Bytes no_vni = {0, 0, 0, 0, 0, 0, 5, 0};
    PacketBuilder frame = datagram(4789).payload(no_vni).ethernet().ipv4("1.1.1.1", "2.2.2.2").tcp(1, 2).syn();
    expect_plain(frame);
    const Bytes nsh = {0x0C, 0, 0, 4, 0, 0, 5, 0};  // VXLAN-GPE with a next protocol that leads nowhere
    expect_plain(datagram(4790).payload(nsh).ipv4("1.1.1.1", "2.2.2.2").tcp(1, 2).syn());
    const Bytes geneve_2 = {0x40, 0, 0x65, 0x58, 0, 0, 5, 0};
    expect_plain(datagram(6081).payload(geneve_2).ethernet().ipv4("1.1.1.1", "2.2.2.2").tcp(1, 2).syn());
    const Bytes gtp_echo = {0x32, 1, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0};
    expect_plain(datagram(2152).payload(gtp_echo));
    const Bytes gtp_loop = {0x34, 0xFF, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0x85, 0, 0, 0, 0x85};  // an extension of length 0
    expect_plain(datagram(2152).payload(gtp_loop).ipv4("1.1.1.1", "2.2.2.2").tcp(1, 2).syn());
    const Bytes gtp_prime = {0x20, 0xFF, 0, 8, 0, 0, 0, 1};
    expect_plain(datagram(2152).payload(gtp_prime).ipv4("1.1.1.1", "2.2.2.2").tcp(1, 2).syn());
    const Bytes l2tp_control = {0xC8, 2, 0, 12, 0, 1, 0, 0, 0, 0, 0, 0};
    expect_plain(datagram(1701).payload(l2tp_control));
    const Bytes ayiya_echo = {0x41, 0x52, 0x12, 41, 0, 0, 0, 0};
    expect_plain(datagram(5072).payload(ayiya_echo).payload_of(36).ipv6("::1", "::2").tcp(1, 2).syn());
}

TEST(UdpTunnel, LinkControlIsNoPacket) {
    const Bytes lcp = {0xFF, 0x03, 0xC0, 0x21, 9, 0, 0, 8, 0, 0, 0, 0};
    expect_plain(datagram(1701).l2tp(1, 1).payload(lcp));
}

TEST(UdpTunnel, InnerPacketThatIsNoneIsNotHeldAgainstTheDatagram) {
    expect_plain(datagram(4789).vxlan(5).ethernet().arp("1.1.1.1", "2.2.2.2"));
    expect_plain(datagram(4789).vxlan(5).ethernet().ipv4("1.1.1.1", "2.2.2.2").ip_header_words(3).tcp(1, 2));
    expect_plain(datagram(4789).vxlan(5).ethernet().ipv4("1.1.1.1", "2.2.2.2").total_length(4000).tcp(1, 2));
    expect_plain(datagram(4789).vxlan(5).ethernet().vlan(3).ether_type(0x88CC).payload_of(40));
    expect_plain(datagram(2152).gtp_u(1).ipv4("1.1.1.1", "2.2.2.2").total_length(4000).tcp(1, 2));
}

TEST(UdpTunnel, InnerPacketThatIsOneMustHoldWhatItSays) {
    PacketBuilder packet = datagram(4789).vxlan(5).ethernet().ipv4("1.1.1.1", "2.2.2.2").total_length(39).tcp(1, 2);
    EXPECT_EQ(parsed(packet).packet_class, PacketClass::malformed);
}

TEST(UdpTunnel, TeredoBubble) {
    PacketView view = parsed(datagram(3544).teredo().ipv6("2001::1", "2001::2"));
    EXPECT_EQ(view.packet_class, PacketClass::other_ip);
    EXPECT_EQ(view.tunnel, tally::Tunnel::teredo);
    expect_plain(datagram(3544).teredo().ipv4("1.1.1.1", "2.2.2.2").tcp(1, 2));  // carries IPv6 only
}

TEST(UdpTunnel, TeredoOnAnyPortIsKnownByItsAddresses) {
    for (const char* source : {"2001::1", "2001:0:4137:9e50::1"}) {
        const PacketView view = parsed(datagram(32900).ipv6(source, "2001:4860::68").tcp(1286, 80).syn());
        EXPECT_TRUE(view.trackable);
        EXPECT_EQ(view.tunnel, tally::Tunnel::teredo);
    }
    EXPECT_TRUE(parsed(datagram(32900).ipv6("2001:4860::68", "2001:0:1::").tcp(80, 1286).rst()).trackable);
    expect_plain(datagram(32900).ipv6("2001:db8::1", "2001:4860::68").tcp(1286, 80).syn());
    expect_plain(datagram(32900).ipv6("2001::1", "2001:4860::68").payload_length(4).tcp(1286, 80).syn());
}

TEST(UdpTunnel, PortsAreThoseOfTheSettings) {
    const Bytes frame = datagram(7777).vxlan(5).ethernet().ipv4("1.1.1.1", "2.2.2.2").tcp(1, 2).syn().build();
    PacketView view;
    TunnelPorts chosen;
    parse({LinkType::ethernet, frame.data(), frame.size(), frame.size(), frame.size()}, chosen, view);
    EXPECT_EQ(view.packet_class, PacketClass::other_ip);
    chosen.add(7777, tally::Tunnel::vxlan);
    parse({LinkType::ethernet, frame.data(), frame.size(), frame.size(), frame.size()}, chosen, view);
    EXPECT_EQ(view.packet_class, PacketClass::tcp);
}

TEST(TunnelPorts, DestinationCountsBeforeSource) {
    const TunnelPorts ports_of = TunnelPorts::standard();
    EXPECT_EQ(ports_of.of(1, 2), tally::Tunnel::none);
    EXPECT_EQ(ports_of.of(4789 - 64, 4789 + 64), tally::Tunnel::none);
    EXPECT_EQ(ports_of.of(1, 4789), tally::Tunnel::vxlan);
    EXPECT_EQ(ports_of.of(2152, 1), tally::Tunnel::gtp_u);
    EXPECT_EQ(ports_of.of(2152, 6081), tally::Tunnel::geneve);
    for (int source = 0; source < 65536; ++source) {
        const bool is_tunnel = std::find(std::begin(ports), std::end(ports), source) != std::end(ports);
        EXPECT_EQ(ports_of.of(static_cast<std::uint16_t>(source), 1) != tally::Tunnel::none, is_tunnel);
    }
}

TEST(TunnelPorts, RoomEnds) {
    TunnelPorts all;
    for (std::size_t i = 0; i < TunnelPorts::capacity; ++i)
        EXPECT_TRUE(all.add(static_cast<std::uint16_t>(i), tally::Tunnel::vxlan));
    EXPECT_FALSE(all.add(999, tally::Tunnel::vxlan));
    EXPECT_EQ(all.of(999, 999), tally::Tunnel::none);
}

TEST(L2tpOverIp, WhatCannotBeTold) {
    const auto class_of = [](PacketBuilder packet) { return parsed(packet).packet_class; };
    EXPECT_EQ(class_of(v4().l2tp_over_ip(0).ethernet().ipv4("1.1.1.1", "2.2.2.2").tcp(1, 2)), PacketClass::other_ip);
    EXPECT_EQ(class_of(v4().l2tp_over_ip(7).payload_of(100)), PacketClass::other_ip);
    EXPECT_EQ(class_of(v4().l2tp_over_ip(7, 16).ethernet().ipv4("1.1.1.1", "2.2.2.2").tcp(1, 2)),
              PacketClass::other_ip);
}

}  // namespace
}  // namespace rstwatch::packet
