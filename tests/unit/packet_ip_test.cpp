// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/ip.h"

#include <gtest/gtest.h>

#include "tests/unit/packet_parse.h"

namespace rstwatch::packet {
namespace {

using tally::PacketClass;

void expect_tcp(const PacketView& view, std::uint32_t payload) {
    EXPECT_EQ(view.packet_class, PacketClass::tcp);
    EXPECT_TRUE(view.trackable);
    EXPECT_EQ(view.source_port, 40000);
    EXPECT_EQ(view.destination_port, 80);
    EXPECT_EQ(view.ttl, 57);
    EXPECT_EQ(view.payload_length, payload);
}

PacketClass class_of(const PacketBuilder& packet) {
    return parsed(packet).packet_class;
}

TEST(Ipv4, HeaderOptionsAreSkipped) {
    expect_tcp(parsed(v4().tcp(40000, 80).ack(1).payload("hello")), 5);
    const PacketView view = parsed(v4().ip_options({1, 1, 1, 0}).tcp(40000, 80).ack(1).payload("hello"));
    expect_tcp(view, 5);
    EXPECT_EQ(view.wire_length, 14U + 24 + 20 + 5);
    expect_tcp(parsed(v4().ip_options(Bytes(40, 1)).tcp(40000, 80).ack(1)), 0);
}

TEST(Ipv4, HeaderThatLiesIsMalformed) {
    EXPECT_EQ(class_of(v4().ip_header_words(4).tcp(1, 2)), PacketClass::malformed);
    EXPECT_EQ(class_of(v4().ip_header_words(0).tcp(1, 2)), PacketClass::malformed);
    EXPECT_EQ(class_of(v4().ip_header_words(15).tcp(1, 2)), PacketClass::malformed);  // 60 bytes of 40
    EXPECT_EQ(class_of(v4().ip_version(6).tcp(1, 2)), PacketClass::malformed);
    EXPECT_EQ(class_of(v4().ip_version(0).tcp(1, 2)), PacketClass::malformed);
    EXPECT_EQ(class_of(v4().total_length(19).tcp(1, 2)), PacketClass::malformed);
    EXPECT_EQ(class_of(v4().ip_options({1, 1, 1, 0}).total_length(23).tcp(1, 2)), PacketClass::malformed);
}

TEST(Ipv4, TotalLengthZeroIsWhatWasCaptured) {
    const PacketView view = parsed(v4().total_length(0).tcp(40000, 80).ack(1).payload_of(3000));
    expect_tcp(view, 3000);
    EXPECT_EQ(view.wire_length, 14U + 20 + 20 + 3000);
}

TEST(Ipv4, TotalLengthCountsNotThePadding) {
    const PacketView view = parsed(v4().tcp(40000, 80).ack(1).pad_to_60());
    expect_tcp(view, 0);
    EXPECT_EQ(view.wire_length, 54U);
}

TEST(Ipv4, TotalLengthEndsTheSegment) {
    EXPECT_EQ(class_of(v4().total_length(20).tcp(40000, 80).ack(1)), PacketClass::malformed);
    EXPECT_EQ(class_of(v4().total_length(39).tcp(40000, 80).ack(1)), PacketClass::malformed);
    expect_tcp(parsed(v4().total_length(40).tcp(40000, 80).ack(1).payload("hello")), 0);
    expect_tcp(parsed(v4().total_length(42).tcp(40000, 80).ack(1).payload("hello")), 2);
}

TEST(Ipv4, TotalLengthBeyondTheCaptureCounts) {
    const PacketView view = parsed(v4().total_length(1500).tcp(40000, 80).ack(1));
    expect_tcp(view, 1460);
    EXPECT_EQ(view.wire_length, 1514U);
}

TEST(Ipv4, TotalLengthBeyondTheWireIsALie) {
    const Bytes frame = v4().tcp(40000, 80).ack(1).payload_of(100).build();
    const auto class_of_length = [&](std::size_t captured, std::size_t on_wire) {
        return parsed(LinkType::ethernet, frame, captured, on_wire).packet_class;
    };
    EXPECT_EQ(class_of_length(frame.size(), frame.size()), PacketClass::tcp);
    EXPECT_EQ(class_of_length(60, frame.size()), PacketClass::tcp);  // cut by the capture
    EXPECT_EQ(class_of_length(60, frame.size() - 1), PacketClass::malformed);
    EXPECT_EQ(class_of_length(60, 60), PacketClass::malformed);
    EXPECT_EQ(class_of_length(60, unknown_length), PacketClass::tcp);
}

/// What a kernel hands over before the NIC has cut it: 64 KiB and more, and a length that does not say so.
TEST(Ipv4, JoinedSegments) {
    for (const std::uint16_t said : {0, 40, 1500, 65535}) {
        const Bytes frame = v4().total_length(said).tcp(40000, 80).ack(1).payload_of(70'000).build();
        for (const std::size_t on_wire : {frame.size(), unknown_length}) {
            const std::uint32_t total = said == 0 ? 70'040 : said;
            const PacketView view = parsed(LinkType::ethernet, frame, frame.size(), on_wire);
            expect_tcp(view, total - 40);
            EXPECT_EQ(view.wire_length, total + 14);
        }
    }
}

TEST(Ipv4, FragmentsAreCounted) {
    EXPECT_EQ(class_of(v4().more_fragments().tcp(40000, 80).ack(1).payload_of(12)), PacketClass::fragment);
    for (const std::uint16_t offset : {1, 0x1000, 0x1FFF}) {
        const PacketView view = parsed(v4().fragment_offset(offset).tcp(40000, 80).payload_of(12));
        EXPECT_EQ(view.fragment_at, 14);
        EXPECT_EQ(view.packet_class, PacketClass::fragment);
        EXPECT_FALSE(view.trackable);
        EXPECT_EQ(view.source_port, 0);
        EXPECT_EQ(view.wire_length, 14U + 20 + 32);
    }
}

TEST(Ipv4, OtherProtocolsAreCounted) {
    EXPECT_EQ(class_of(v4().udp(1, 2)), PacketClass::other_ip);
    EXPECT_EQ(class_of(v4().ip_protocol(47).tcp(1, 2)), PacketClass::other_ip);
    EXPECT_EQ(class_of(v4().ip_protocol(58).tcp(1, 2)), PacketClass::other_ip);  // ICMPv6 has no place here
    EXPECT_EQ(class_of(v4().ip_protocol(0).tcp(1, 2)), PacketClass::other_ip);   // no extension headers either
}

TEST(Ipv6, WithoutExtensions) {
    const PacketView view = parsed(v6().tcp(40000, 80).ack(1).payload("hello"));
    expect_tcp(view, 5);
    EXPECT_EQ(view.wire_length, 14U + 40 + 20 + 5);
    EXPECT_FALSE(view.source.is_v4());
}

TEST(Ipv6, ExtensionHeadersAreSkipped) {
    expect_tcp(parsed(v6().hop_by_hop().tcp(40000, 80).ack(1).payload("hello")), 5);
    expect_tcp(parsed(v6().hop_by_hop(3).tcp(40000, 80).ack(1)), 0);
    expect_tcp(parsed(v6().routing().tcp(40000, 80).ack(1)), 0);
    expect_tcp(parsed(v6().destination_options(1).tcp(40000, 80).ack(1)), 0);
    expect_tcp(parsed(v6().authentication_header(12).tcp(40000, 80).ack(1).payload("ab")), 2);
    expect_tcp(parsed(v6().authentication_header(20).tcp(40000, 80).ack(1).payload("ab")), 2);
    const PacketView view = parsed(v6().hop_by_hop()
                                       .destination_options()
                                       .routing()
                                       .fragment_header(0, false)
                                       .authentication_header()
                                       .destination_options()
                                       .tcp(40000, 80)
                                       .ack(1)
                                       .payload("hello"));
    expect_tcp(view, 5);
    EXPECT_EQ(view.wire_length, 14U + 40 + 8 + 8 + 24 + 8 + 24 + 8 + 20 + 5);
}

TEST(Ipv6, EveryKindOfExtensionIsKnown) {
    for (const std::uint8_t kind : {0, 43, 44, 51, 60, 135, 139, 140}) EXPECT_TRUE(is_extension_header(kind)) << +kind;
    for (const std::uint8_t kind : {1, 6, 17, 50, 58, 59, 253, 255}) EXPECT_FALSE(is_extension_header(kind)) << +kind;
    const std::uint8_t header[] = {6, 2};
    EXPECT_EQ(extension_length(ip_protocol::hop_by_hop, header), 24U);
    EXPECT_EQ(extension_length(ip_protocol::mobility, header), 24U);
    EXPECT_EQ(extension_length(ip_protocol::authentication, header), 16U);
    EXPECT_EQ(extension_length(ip_protocol::fragment, header), 8U);
}

/// RFC 6946: a fragment header on a whole packet makes no fragment.
TEST(Ipv6, AtomicFragmentIsASegment) {
    expect_tcp(parsed(v6().fragment_header(0, false).tcp(40000, 80).ack(1)), 0);
}

TEST(Ipv6, FirstFragmentIsCounted) {
    EXPECT_EQ(class_of(v6().fragment_header(0, true).tcp(40000, 80).ack(1).payload_of(12)), PacketClass::fragment);
    EXPECT_EQ(class_of(v6().fragment_header(0, true).hop_by_hop().extension_length(255)), PacketClass::fragment);
}

TEST(Ipv6, Jumbogram) {
    PacketBuilder packet = v6().payload_length(0).ip_protocol(0);
    packet.payload(Bytes{6, 0, 0xC2, 4, 0, 1, 0x86, 0xA0});  // RFC 2675: 100,000 bytes behind the IPv6 header
    expect_tcp(parsed(packet.tcp(40000, 80).ack(1).payload("hello")), 100'000 - 8 - 20);
}

TEST(Ipv6, LaterFragmentsAreCounted) {
    for (const bool more : {false, true}) {
        const PacketView view = parsed(v6().hop_by_hop().fragment_header(1, more).tcp(40000, 80).payload_of(12));
        EXPECT_EQ(view.packet_class, PacketClass::fragment);
        EXPECT_FALSE(view.trackable);
        EXPECT_EQ(view.wire_length, 14U + 40 + 8 + 8 + 32);
    }
}

TEST(Ipv6, ExtensionThatReachesTooFarIsMalformed) {
    EXPECT_EQ(class_of(v6().hop_by_hop().extension_length(255).tcp(40000, 80)), PacketClass::malformed);
    EXPECT_EQ(class_of(v6().hop_by_hop().extension_length(3).tcp(40000, 80)), PacketClass::malformed);
    EXPECT_EQ(class_of(v6().authentication_header().extension_length(255).tcp(40000, 80)), PacketClass::malformed);
    EXPECT_EQ(class_of(v6().hop_by_hop().payload_length(7).tcp(40000, 80)), PacketClass::malformed);
    EXPECT_EQ(class_of(v6().hop_by_hop(1).payload_length(15).tcp(40000, 80)), PacketClass::malformed);
}

TEST(Ipv6, ChainOfExtensionsEndsWithThePacket) {
    Bytes frame = v6().hop_by_hop().tcp(1, 2).build();
    frame.resize(14 + 40 + 8 * 200);
    std::fill(frame.begin() + 54, frame.end(), 0);  // a hop-by-hop header in every 8 bytes, each followed by another
    frame[18] = (8 * 200) >> 8;
    frame[19] = (8 * 200) & 0xff;
    EXPECT_EQ(parsed(LinkType::ethernet, frame, frame.size()).packet_class, PacketClass::malformed);
    frame[frame.size() - 8] = 59;  // RFC 8200 section 4.7: no next header
    EXPECT_EQ(parsed(LinkType::ethernet, frame, frame.size()).packet_class, PacketClass::other_ip);
}

TEST(Ipv6, PayloadLengthZeroIsWhatWasCaptured) {
    const PacketView view = parsed(v6().payload_length(0).tcp(40000, 80).ack(1).payload_of(3000));
    expect_tcp(view, 3000);
    EXPECT_EQ(view.wire_length, 14U + 40 + 20 + 3000);
}

TEST(Ipv6, PayloadLengthCountsNotThePaddingAndNotTheCapture) {
    PacketBuilder trailed = v6().tcp(40000, 80).ack(1);
    trailed.trailer(Bytes(10, 0));
    expect_tcp(parsed(trailed), 0);
    expect_tcp(parsed(v6().payload_length(1460).tcp(40000, 80).ack(1)), 1440);
    EXPECT_EQ(parsed(v6().payload_length(1460).tcp(40000, 80).ack(1)).wire_length, 1514U);
    EXPECT_EQ(class_of(v6().payload_length(19).tcp(40000, 80).ack(1)), PacketClass::malformed);
}

TEST(Ipv6, PayloadLengthBeyondTheWireIsALie) {
    const Bytes frame = v6().tcp(40000, 80).ack(1).payload_of(100).build();
    EXPECT_EQ(parsed(LinkType::ethernet, frame, 80, frame.size()).packet_class, PacketClass::tcp);
    EXPECT_EQ(parsed(LinkType::ethernet, frame, 80, frame.size() - 1).packet_class, PacketClass::malformed);
    PacketBuilder jumbo = v6().payload_length(0).ip_protocol(0);
    jumbo.payload(Bytes{6, 0, 0xC2, 4, 0, 1, 0x86, 0xA0});
    EXPECT_EQ(parsed_whole(jumbo.tcp(40000, 80).ack(1)).packet_class, PacketClass::malformed);
}

TEST(Ipv6, JoinedSegments) {
    const Bytes frame = v6().payload_length(0).tcp(40000, 80).ack(1).payload_of(70'000).build();
    expect_tcp(parsed(LinkType::ethernet, frame, frame.size(), frame.size()), 70'000);
}

/// Options whose lengths are 0, lie or never end, where a jumbogram's is looked for.
TEST(Ipv6, HopByHopOptionsThatLie) {
    const Bytes bodies[] = {{6, 0, 0, 0, 0, 0, 0, 0}, {6, 0, 0xC2, 0, 0xC2, 0, 0xC2, 0}, {6, 0, 0xC2, 255, 0, 0, 0, 0},
                            {6, 0, 1, 5, 0, 0, 0, 0}, {6, 0, 0xC2, 4, 0, 0, 0, 0},       {6, 0, 1, 3, 0, 0, 0, 0xC2}};
    for (const Bytes& body : bodies) {
        PacketBuilder packet = v6().payload_length(0).ip_protocol(0);
        packet.payload(body);
        expect_tcp(parsed_whole(packet.tcp(40000, 80).ack(1).payload("hello")), 5);
    }
}

TEST(Ipv6, OtherVersionIsMalformed) {
    EXPECT_EQ(class_of(v6().ip_version(4).tcp(1, 2)), PacketClass::malformed);
}

TEST(Ipv6, OtherProtocolsAreCounted) {
    EXPECT_EQ(class_of(v6().udp(1, 2)), PacketClass::other_ip);
    EXPECT_EQ(class_of(v6().ip_protocol(1).tcp(1, 2)), PacketClass::other_ip);  // ICMPv4 has no place here
}

}  // namespace
}  // namespace rstwatch::packet
