// SPDX-License-Identifier: Apache-2.0
#include "tests/support/packet_builder.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace rstwatch::test {
namespace {

constexpr std::size_t ethernet_size = 14, ipv4_size = 20, ipv6_size = 40;

Bytes from_hex(std::string_view text) {
    std::string digits;
    for (const char c : text)
        if (c != ' ' && c != '\n') digits += c;
    Bytes bytes;
    for (std::size_t i = 0; i < digits.size(); i += 2)
        bytes.push_back(static_cast<std::uint8_t>(std::stoi(digits.substr(i, 2), nullptr, 16)));
    return bytes;
}

std::uint16_t number16(const Bytes& bytes, std::size_t at) {
    return static_cast<std::uint16_t>(bytes.at(at) << 8 | bytes.at(at + 1));
}

Bytes part(const Bytes& bytes, std::size_t at, std::size_t size) {
    const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    return {first, first + static_cast<std::ptrdiff_t>(size)};
}

/// What is left of a transport checksum over the pseudo header and the segment from `at`: 0 if it is right.
std::uint16_t residue_ipv4(const Bytes& frame, std::size_t ip, std::uint8_t protocol) {
    const std::size_t size = number16(frame, ip + 2) - ipv4_size;
    Bytes summed = part(frame, ip + 12, 8);
    summed.insert(summed.end(), {0, protocol, static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)});
    const Bytes segment = part(frame, ip + ipv4_size, size);
    summed.insert(summed.end(), segment.begin(), segment.end());
    return internet_checksum(summed);
}

PacketBuilder small_syn() {
    return PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 7211).syn().seq(1);
}

// The frames below were sent by Linux 6.18.

TEST(PacketBuilder, BuildsTheSynThatLinuxSends) {
    const Bytes frame = PacketBuilder()
                            .ethernet({2, 0, 0x0A, 0x14, 1, 0x0B}, {2, 0, 0x0A, 0x14, 1, 1})
                            .ipv4("10.20.1.11", "10.20.2.22")
                            .identification(55382)
                            .tcp(48707, 5432)
                            .syn()
                            .seq(3283557392)
                            .mss(1460)
                            .sack_permitted()
                            .timestamps(2141064726, 0)
                            .nop()
                            .window_scale(10)
                            .build();
    EXPECT_EQ(frame, from_hex("02000a140101 02000a14010b 0800 4500003cd856400040064b1d0a14010b0a140216"
                              "be431538c3b71c1000000000a002faf0f4cb0000 020405b40402080a7f9e0e16000000000103030a"));
}

TEST(PacketBuilder, BuildsTheResetOfAClosedPort) {
    const Bytes frame = PacketBuilder()
                            .ethernet({2, 0, 0x0A, 0x14, 1, 1}, {2, 0, 0x0A, 0x14, 1, 0x0B})
                            .ipv4("10.20.2.22", "10.20.1.11")
                            .ttl(63)
                            .tcp(5432, 48707)
                            .rst()
                            .ack(3283557393)
                            .window(0)
                            .build();
    EXPECT_EQ(frame, from_hex("02000a14010b 02000a140101 0800 45000028000040003f0624880a1402160a14010b"
                              "1538be4300000000c3b71c1150140000e5430000"));
}

TEST(PacketBuilder, BuildsIpv6) {
    const Bytes frame = PacketBuilder()
                            .ethernet({2, 0, 0x0A, 0x14, 1, 0x0D}, {2, 0, 0x0A, 0x14, 1, 1})
                            .ipv6("2001:db8:20:1::13", "2001:db8:20:2::22")
                            .flow_label(0x60389)
                            .tcp(52165, 5432)
                            .syn()
                            .seq(1585303836)
                            .window(64800)
                            .mss(1440)
                            .sack_permitted()
                            .timestamps(26953974, 0)
                            .nop()
                            .window_scale(10)
                            .build();
    EXPECT_EQ(frame, from_hex("02000a140101 02000a14010d 86dd 6006038900280640"
                              "20010db8002000010000000000000013 20010db8002000020000000000000022"
                              "cbc515385e7dd11c00000000a002fd2093dd0000020405a00402080a019b48f6000000000103030a"));
}

TEST(PacketBuilder, BuildsTheIcmpErrorOfARouter) {
    const PacketBuilder original = PacketBuilder()
                                       .ethernet({2, 0, 0x0A, 0x14, 1, 0x0D}, {2, 0, 0x0A, 0x14, 1, 1})
                                       .ipv4("10.20.1.13", "10.20.2.23")
                                       .ttl(63)
                                       .identification(46587)
                                       .tcp(56009, 23)
                                       .syn()
                                       .seq(2222369153)
                                       .mss(1460)
                                       .sack_permitted()
                                       .timestamps(1233187211, 0)
                                       .nop()
                                       .window_scale(10);
    const Bytes expected = from_hex(
        "02000a14010d 02000a140101 0800 45c00058779f00004001ec100a1401010a14010d 030d146d00000000"
        "4500003cb5fb40003f066e750a14010d0a140217dac900178476a98100000000a002faf0f1db0000"
        "020405b40402080a4980f18b000000000103030a");
    const PacketBuilder error =
        original.rejected_by("10.20.1.1", 3, 13).tos(0xC0).identification(30623).dont_fragment(false);
    EXPECT_EQ(error.build(), expected);

    const Bytes cut = original.rejected_by("10.20.1.1", 3, 13, 28).build();
    EXPECT_EQ(cut.size(), ethernet_size + ipv4_size + 8 + 28);
    EXPECT_EQ(internet_checksum(part(cut, ethernet_size + ipv4_size, 36)), 0);
}

TEST(PacketBuilder, BuildsAnIcmpv6Error) {
    const Bytes error = PacketBuilder()
                            .ethernet()
                            .ipv6("2001:db8:20:1::14", "2001:db8:20:2::23")
                            .ttl(63)
                            .flow_label(0x67B75)
                            .tcp(34719, 23)
                            .syn()
                            .seq(2446941886)
                            .window(64800)
                            .mss(1440)
                            .sack_permitted()
                            .timestamps(2668738345, 0)
                            .nop()
                            .window_scale(10)
                            .rejected_by("2001:db8:20:1::1", 1, 1)
                            .build();
    EXPECT_EQ(part(error, ethernet_size + ipv6_size, 8), from_hex("0101c0ee00000000"));
    EXPECT_EQ(error[ethernet_size + 6], 58);
    EXPECT_EQ(error.size(), 142U);
}

TEST(PacketBuilder, BuildsArp) {
    const Bytes frame = PacketBuilder().ethernet().arp("10.20.1.12", "10.20.1.1").build();
    EXPECT_EQ(part(frame, 12, 10), from_hex("08060001080006040001"));
    EXPECT_EQ(part(frame, 28, 4), from_hex("0a14010c"));
    EXPECT_EQ(part(frame, 38, 4), from_hex("0a140101"));
}

TEST(PacketBuilder, ChecksumsVerifyToZero) {
    for (std::size_t size = 0; size < 5; ++size) {
        const Bytes tcp = small_syn().payload_of(size).build();
        EXPECT_EQ(internet_checksum(part(tcp, ethernet_size, ipv4_size)), 0);
        EXPECT_EQ(residue_ipv4(tcp, ethernet_size, 6), 0) << size;
        const Bytes udp = PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(1, 53).payload_of(size).build();
        EXPECT_EQ(residue_ipv4(udp, ethernet_size, 17), 0) << size;
    }
    const Bytes echo = PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.2").icmp_echo(7, 1).payload("abc").build();
    EXPECT_EQ(internet_checksum(part(echo, ethernet_size + ipv4_size, 11)), 0);
}

TEST(PacketBuilder, SpoilsChecksumsOnlyWhenAsked) {
    const Bytes tcp = small_syn().spoil_checksum().build();
    EXPECT_EQ(internet_checksum(part(tcp, ethernet_size, ipv4_size)), 0);
    EXPECT_NE(residue_ipv4(tcp, ethernet_size, 6), 0);
    const Bytes ip = small_syn().spoil_ip_checksum().build();
    EXPECT_NE(internet_checksum(part(ip, ethernet_size, ipv4_size)), 0);
    EXPECT_EQ(residue_ipv4(ip, ethernet_size, 6), 0);
    EXPECT_NE(residue_ipv4(small_syn().partial_checksum().build(), ethernet_size, 6), 0);
}

TEST(PacketBuilder, TagsAndLabels) {
    const Bytes tagged = PacketBuilder().ethernet().vlan(10, 5).ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).build();
    EXPECT_EQ(part(tagged, 12, 6), from_hex("8100 a00a 0800"));
    const Bytes doubled = PacketBuilder().ethernet().qinq(100, 10).ipv6("::1", "::2").tcp(1, 2).build();
    EXPECT_EQ(part(doubled, 12, 10), from_hex("88a8 0064 8100 000a 86dd"));
    const Bytes labelled = PacketBuilder().ethernet().mpls(16, 9).mpls(17).ipv4("10.0.0.1", "10.0.0.2").build();
    EXPECT_EQ(part(labelled, 12, 10), from_hex("8847 00010009 00011140"));
}

TEST(PacketBuilder, LinkLayers) {
    const auto frame = [](LinkType type, bool ipv6) {
        PacketBuilder builder;
        builder.link(type);
        if (ipv6)
            builder.ipv6("::1", "::1");
        else
            builder.ipv4("127.0.0.1", "127.0.0.1");
        return builder.tcp(1, 2).build();
    };
    EXPECT_EQ(part(frame(LinkType::linux_sll, false), 0, 16), from_hex("0000 0001 0006 0200000000010000 0800"));
    EXPECT_EQ(part(frame(LinkType::linux_sll2, true), 0, 20),
              from_hex("86dd 0000 00000001 0001 00 06 0200000000010000"));
    EXPECT_EQ(part(frame(LinkType::null, false), 0, 5), from_hex("02000000 45"));
    EXPECT_EQ(part(frame(LinkType::null, true), 0, 5), from_hex("1e000000 60"));
    EXPECT_EQ(part(frame(LinkType::loop, false), 0, 5), from_hex("00000002 45"));
    EXPECT_EQ(frame(LinkType::raw_ip, true)[0], 0x60);
    const Bytes swapped = PacketBuilder().null_loopback(true).ipv4("127.0.0.1", "127.0.0.1").build();
    EXPECT_EQ(part(swapped, 0, 4), from_hex("00000002"));
}

TEST(PacketBuilder, PadsShortFramesAfterThePacket) {
    const Bytes padded = small_syn().pad_to_60().build();
    EXPECT_EQ(padded.size(), 60U);
    EXPECT_EQ(number16(padded, ethernet_size + 2), 40);
    EXPECT_EQ(small_syn().payload_of(30).pad_to_60().build().size(), 84U);
}

TEST(PacketBuilder, Ipv4FieldsAndOptions) {
    const Bytes frame = PacketBuilder()
                            .ethernet()
                            .ipv4("10.0.0.1", "10.0.0.2")
                            .dont_fragment(false)
                            .more_fragments()
                            .fragment_offset(3)
                            .identification(0xABCD)
                            .ip_options({0x94, 4, 0, 0})
                            .ip_protocol(6)
                            .payload("12345678")
                            .build();
    EXPECT_EQ(part(frame, ethernet_size, 8), from_hex("46000020 abcd2003"));
    EXPECT_EQ(internet_checksum(part(frame, ethernet_size, 24)), 0);
}

TEST(PacketBuilder, LiesAboutLengths) {
    EXPECT_EQ(number16(small_syn().total_length(19).build(), ethernet_size + 2), 19);
    EXPECT_EQ(small_syn().ip_header_words(4).build()[ethernet_size], 0x44);
    EXPECT_EQ(small_syn().ip_version(5).build()[ethernet_size], 0x55);
    EXPECT_EQ(small_syn().data_offset(15).build()[ethernet_size + ipv4_size + 12], 0xF0);
    const Bytes ipv6 = PacketBuilder().ipv6("::1", "::2").payload_length(7).tcp(1, 2).build();
    EXPECT_EQ(number16(ipv6, 4), 7);
    const Bytes udp = PacketBuilder().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).udp_length(3).build();
    EXPECT_EQ(number16(udp, ipv4_size + 4), 3);
}

TEST(PacketBuilder, Ipv6ExtensionHeadersChain) {
    const Bytes packet = PacketBuilder()
                             .ipv6("2001:db8::1", "2001:db8::2")
                             .hop_by_hop()
                             .routing()
                             .fragment_header(0, false, 0x01020304)
                             .authentication_header()
                             .destination_options(1)
                             .tcp(1, 2)
                             .build();
    std::size_t at = ipv6_size;
    EXPECT_EQ(packet[6], 0);
    EXPECT_EQ(part(packet, at, 8), from_hex("2b00 0104 00000000"));
    at += 8;
    EXPECT_EQ(part(packet, at, 8), from_hex("2c02 0000 00000000"));
    at += 24;
    EXPECT_EQ(part(packet, at, 8), from_hex("3300 0000 01020304"));
    at += 8;
    EXPECT_EQ(part(packet, at, 8), from_hex("3c04 0000 01020304"));
    at += 24;
    EXPECT_EQ(part(packet, at, 4), from_hex("0601 010c"));
    at += 16;
    EXPECT_EQ(number16(packet, at + 2), 2);
    EXPECT_EQ(packet.size(), at + 20);
    EXPECT_EQ(number16(packet, 4), packet.size() - ipv6_size);
}

TEST(PacketBuilder, TcpOptionsArePaddedAndMayBeWrong) {
    const Bytes odd = small_syn().tcp_options({3, 0, 7}).build();
    EXPECT_EQ(part(odd, ethernet_size + 40, 4), from_hex("03000700"));
    EXPECT_EQ(odd[ethernet_size + 32], 0x60);
    EXPECT_THROW(small_syn().tcp_options(Bytes(41)).build(), std::logic_error);
    EXPECT_EQ(part(small_syn().fast_open(Bytes{1, 2}).build(), ethernet_size + 40, 4), from_hex("22040102"));
}

TEST(PacketBuilder, FlagsAreIndependent) {
    const auto flags_of = [](const PacketBuilder& builder) { return builder.build().at(33); };
    EXPECT_EQ(flags_of(PacketBuilder().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2)), 0);
    EXPECT_EQ(
        flags_of(
            PacketBuilder().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).fin().syn().rst().psh().ack(0).urg().ece().cwr()),
        0xFF);
    EXPECT_EQ(flags_of(PacketBuilder().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).syn().flags(flag::fin)), flag::fin);
}

TEST(PacketBuilder, TunnelsNest) {
    const Bytes vxlan = PacketBuilder()
                            .ethernet()
                            .ipv4("192.0.2.1", "192.0.2.2")
                            .udp(50000, 4789)
                            .vxlan(42)
                            .ethernet()
                            .ipv4("10.0.0.1", "10.0.0.2")
                            .tcp(1, 2)
                            .syn()
                            .build();
    EXPECT_EQ(part(vxlan, 42, 8), from_hex("08000000 00002a00"));
    EXPECT_EQ(number16(vxlan, 62), 0x0800);
    EXPECT_EQ(residue_ipv4(vxlan, ethernet_size, 17), 0);
    EXPECT_EQ(residue_ipv4(vxlan, 64, 6), 0);

    const auto inner = [](PacketBuilder outer) { return outer.ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).build(); };
    const PacketBuilder outer = PacketBuilder().ipv4("192.0.2.1", "192.0.2.2");
    EXPECT_EQ(inner(outer)[9], 4);
    EXPECT_EQ(part(inner(PacketBuilder(outer).gre(5)), 20, 8), from_hex("2000 0800 00000005"));
    EXPECT_EQ(part(inner(PacketBuilder(outer).udp(1, 2152).gtp_u(9)), 28, 8), from_hex("30ff 0028 00000009"));
    EXPECT_EQ(part(inner(PacketBuilder(outer).udp(1, 6081).geneve(7)), 28, 8), from_hex("0000 0800 00000700"));
    EXPECT_EQ(part(inner(PacketBuilder(outer).erspan(3).ethernet()), 20, 16),
              from_hex("1000 88be 00000001 1000 0003 00000000"));
}

TEST(PacketBuilder, FragmentsCarryThePayloadOnce) {
    const PacketBuilder packet = small_syn().payload_of(50);
    const Bytes whole = packet.network_bytes();
    Bytes joined;
    const auto fragments = packet.build_fragments(24, 77);
    ASSERT_EQ(fragments.size(), 3U);
    for (std::size_t i = 0; i < fragments.size(); ++i) {
        const Bytes& frame = fragments[i];
        EXPECT_EQ(number16(frame, ethernet_size + 4), 77);
        EXPECT_EQ(number16(frame, ethernet_size + 6), (i < 2 ? 0x2000 : 0) + i * 3);
        EXPECT_EQ(frame[ethernet_size + 9], 6);
        const Bytes payload = part(frame, ethernet_size + ipv4_size, frame.size() - ethernet_size - ipv4_size);
        joined.insert(joined.end(), payload.begin(), payload.end());
    }
    EXPECT_EQ(joined, part(whole, ipv4_size, whole.size() - ipv4_size));

    const auto ipv6 = PacketBuilder().ipv6("::1", "::2").hop_by_hop().tcp(1, 2).payload_of(12).build_fragments(16);
    ASSERT_EQ(ipv6.size(), 2U);
    EXPECT_EQ(part(ipv6[1], ipv6_size, 16), from_hex("2c00010400000000 06000010 00000001"));
}

TEST(PacketBuilder, SaysWhatDoesNotFit) {
    EXPECT_THROW(PacketBuilder().seq(1), std::logic_error);
    EXPECT_THROW(PacketBuilder().tcp(1, 2).build(), std::logic_error);
    EXPECT_THROW(PacketBuilder().ipv4("10.0.0.1", "::1"), std::invalid_argument);
    EXPECT_THROW(PacketBuilder().ipv4("10.0.0.256", "10.0.0.1"), std::invalid_argument);
    EXPECT_THROW(PacketBuilder().ipv4("10.0.0.1", "10.0.0.2").payload_of(70000).build(), std::logic_error);
}

TEST(PacketBuilder, CopiesAreIndependent) {
    const PacketBuilder syn = small_syn();
    PacketBuilder other = syn;
    other.seq(2);
    EXPECT_NE(syn.build(), other.build());
    EXPECT_EQ(syn.build(), small_syn().build());
}

}  // namespace
}  // namespace rstwatch::test
