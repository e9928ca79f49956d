// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/icmp.h"

#include <gtest/gtest.h>

#include "tests/unit/packet_parse.h"

namespace rstwatch::packet {
namespace {

using tally::PacketClass;

PacketBuilder rejected(const PacketBuilder& original, std::uint8_t type, std::uint8_t code,
                       std::size_t quoted = PacketBuilder::whole) {
    return PacketBuilder().ethernet().ipv4("10.0.0.254", "10.0.0.1").icmp_error(type, code, original, quoted);
}

PacketBuilder rejected_v6(const PacketBuilder& original, std::uint8_t type, std::uint8_t code,
                          std::size_t quoted = PacketBuilder::whole) {
    return PacketBuilder().ethernet().ipv6("2001:db8::fe", "2001:db8::1").icmp_error(type, code, original, quoted);
}

void expect_quote(const PacketView& view, bool is_v6, std::uint8_t type, std::uint8_t code) {
    EXPECT_EQ(view.packet_class, PacketClass::icmp_error);
    EXPECT_TRUE(view.trackable);
    EXPECT_EQ(view.icmp_type, type);
    EXPECT_EQ(view.icmp_code, code);
    EXPECT_EQ(tally::to_string(view.icmp_from), is_v6 ? "2001:db8::fe" : "10.0.0.254");
    EXPECT_EQ(tally::to_string(view.source), is_v6 ? "2001:db8::1" : "10.0.0.1");
    EXPECT_EQ(tally::to_string(view.destination), is_v6 ? "2001:db8::2" : "10.0.0.2");
    EXPECT_EQ(view.source_port, 40000);
    EXPECT_EQ(view.destination_port, 80);
    EXPECT_EQ(view.sequence, 0xFFFFFFF0U);
}

PacketBuilder syn_v4() {
    return v4().tcp(40000, 80).syn().seq(0xFFFFFFF0);
}
PacketBuilder syn_v6() {
    return v6().tcp(40000, 80).syn().seq(0xFFFFFFF0);
}

TEST(Icmp, WholeQuote) {
    const PacketView view = parsed(rejected(syn_v4(), 3, 13));
    expect_quote(view, false, 3, 13);
    EXPECT_EQ(view.wire_length, 14U + 20 + 8 + 40);
    expect_quote(parsed(rejected_v6(syn_v6(), 1, 4)), true, 1, 4);
}

TEST(Icmp, QuoteOfEightBytes) {
    expect_quote(parsed(rejected(syn_v4(), 3, 1, 28)), false, 3, 1);
    expect_quote(parsed(rejected_v6(syn_v6(), 1, 0, 48)), true, 1, 0);
}

TEST(Icmp, QuoteOfSevenBytesIsNotFollowed) {
    for (std::size_t quoted = 0; quoted < 28; ++quoted) {
        const PacketView view = parsed(rejected(syn_v4(), 3, 1, quoted));
        EXPECT_EQ(view.packet_class, PacketClass::icmp_error) << quoted;
        EXPECT_FALSE(view.trackable) << quoted;
    }
    EXPECT_FALSE(parsed(rejected_v6(syn_v6(), 1, 0, 47)).trackable);
}

TEST(Icmp, QuoteBehindOptionsAndExtensions) {
    const PacketBuilder with_options = v4().ip_options({1, 1, 1, 0}).tcp(40000, 80).syn().seq(0xFFFFFFF0);
    expect_quote(parsed(rejected(with_options, 3, 1, 32)), false, 3, 1);
    EXPECT_FALSE(parsed(rejected(with_options, 3, 1, 31)).trackable);
    const PacketBuilder with_extension = v6().hop_by_hop().tcp(40000, 80).syn().seq(0xFFFFFFF0);
    expect_quote(parsed(rejected_v6(with_extension, 1, 1)), true, 1, 1);
}

TEST(Icmp, QuoteThatIsNotTcpIsNotFollowed) {
    EXPECT_FALSE(parsed(rejected(v4().udp(40000, 80), 3, 3)).trackable);
    EXPECT_FALSE(parsed(rejected_v6(v6().udp(40000, 80), 1, 4)).trackable);
    EXPECT_EQ(parsed(rejected(v4().udp(40000, 80), 3, 3)).packet_class, PacketClass::icmp_error);
    EXPECT_FALSE(parsed(rejected(v4().fragment_offset(1).tcp(40000, 80), 3, 1)).trackable);
    EXPECT_FALSE(parsed(rejected(v4().ip_version(6).tcp(40000, 80), 3, 1)).trackable);
}

TEST(Icmp, ErrorsAreToldFromMessages) {
    for (int type = 0; type < 256; ++type) {
        const auto is_error = type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
        EXPECT_EQ(is_icmpv4_error(static_cast<std::uint8_t>(type)), is_error) << type;
        EXPECT_EQ(is_icmpv6_error(static_cast<std::uint8_t>(type)), type < 128) << type;
    }
    expect_quote(parsed(rejected(syn_v4(), 11, 0)), false, 11, 0);
    expect_quote(parsed(rejected_v6(syn_v6(), 127, 0)), true, 127, 0);
}

TEST(Icmp, EchoIsOtherIp) {
    for (const bool reply : {false, true}) {
        const PacketView view = parsed(v4().icmp_echo(1, 1, reply));
        EXPECT_EQ(view.packet_class, PacketClass::other_ip);
        EXPECT_FALSE(view.trackable);
        EXPECT_EQ(parsed(v6().icmp_echo(1, 1, reply)).packet_class, PacketClass::other_ip);
    }
}

TEST(Icmp, HeaderCutIsMalformed) {
    const Bytes four = rejected(syn_v4(), 3, 1).build();
    for (std::size_t length = 34; length < 42; ++length)
        EXPECT_EQ(parsed(LinkType::ethernet, four, length).packet_class, PacketClass::malformed) << length;
    EXPECT_EQ(parsed(LinkType::ethernet, four, 42).packet_class, PacketClass::icmp_error);
    const Bytes six = rejected_v6(syn_v6(), 1, 1).build();
    EXPECT_EQ(parsed(LinkType::ethernet, six, 61).packet_class, PacketClass::malformed);
    EXPECT_EQ(parsed(LinkType::ethernet, six, 62).packet_class, PacketClass::icmp_error);
}

}  // namespace
}  // namespace rstwatch::packet
