// SPDX-License-Identifier: Apache-2.0
// Whole frames: dataplane/packet/parser.cpp.
#include <gtest/gtest.h>

#include <cstring>

#include <string>
#include <vector>

#include "tests/support/mutator.h"
#include "tests/unit/packet_parse.h"

namespace rstwatch::packet {
namespace {

using tally::PacketClass;

struct Sample {
    std::string name;
    LinkType link;
    Bytes frame;
    PacketClass expected;
    bool trackable;
};

std::vector<Sample> samples() {
    const auto segment = [](PacketBuilder packet) {
        return packet.tcp(40000, 80).syn().mss(1460).sack_permitted().timestamps(1, 0).nop().window_scale(7).payload(
            "hello");
    };
    const PacketBuilder syn_v4 = segment(v4()), syn_v6 = segment(v6());
    const auto error = [](const PacketBuilder& quoted) {
        return PacketBuilder().ethernet().ipv4("10.0.0.254", "10.0.0.1").icmp_error(3, 1, quoted);
    };
    std::vector<Sample> all;
    const auto add = [&](const char* name, LinkType link, const PacketBuilder& packet, PacketClass expected,
                         bool trackable) {
        all.push_back({name, link, packet.build(), expected, trackable});
    };
    using enum PacketClass;
    const auto ethernet = LinkType::ethernet;
    add("v4", ethernet, syn_v4, tcp, true);
    add("v6", ethernet, syn_v6, tcp, true);
    add("vlan", ethernet, segment(PacketBuilder().ethernet().vlan(5).ipv4("10.0.0.1", "10.0.0.2")), tcp, true);
    add("qinq", ethernet, segment(PacketBuilder().ethernet().qinq(5, 6).ipv6("::1", "::2")), tcp, true);
    add("sll", LinkType::linux_sll, segment(PacketBuilder().linux_sll().ipv4("10.0.0.1", "10.0.0.2")), tcp, true);
    add("sll2", LinkType::linux_sll2, segment(PacketBuilder().linux_sll2().ipv6("::1", "::2")), tcp, true);
    add("raw", LinkType::raw_ip, segment(PacketBuilder().ipv4("10.0.0.1", "10.0.0.2")), tcp, true);
    add("null", LinkType::null_loopback, segment(PacketBuilder().null_loopback().ipv6("::1", "::2")), tcp, true);
    add("loop", LinkType::loop, segment(PacketBuilder().loop().ipv4("10.0.0.1", "10.0.0.2")), tcp, true);
    add("options", ethernet, segment(v4().ip_options(Bytes(40, 1))), tcp, true);
    add("extensions", ethernet,
        segment(v6().hop_by_hop(2).routing().destination_options().fragment_header(0, false).authentication_header()),
        tcp, true);
    add("first4", ethernet, segment(v4().more_fragments()), fragment, false);
    add("first6", ethernet, segment(v6().fragment_header(0, true)), fragment, false);
    add("fragment4", ethernet, segment(v4().fragment_offset(9)), fragment, false);
    add("fragment6", ethernet, segment(v6().fragment_header(9, false)), fragment, false);
    add("error4", ethernet, error(syn_v4), icmp_error, true);
    add("error6", ethernet, PacketBuilder().ethernet().ipv6("2001:db8::fe", "2001:db8::1").icmp_error(1, 1, syn_v6),
        icmp_error, true);
    add("udp_error", ethernet, error(v4().udp(1, 2).payload("x")), icmp_error, false);
    add("echo4", ethernet, v4().icmp_echo(), other_ip, false);
    add("echo6", ethernet, v6().icmp_echo(), other_ip, false);
    add("udp", ethernet, v4().udp(1, 2).payload("hello"), other_ip, false);
    add("arp", ethernet, PacketBuilder().ethernet().arp("10.0.0.1", "10.0.0.2"), non_ip, false);
    add("lying_offset", ethernet, v4().tcp(1, 2).data_offset(15), tcp, false);
    add("length_zero", ethernet, segment(v4().total_length(0)), tcp, true);
    return all;
}

TEST(Parser, EachSampleEndsInItsClass) {
    for (const Sample& sample : samples()) {
        const PacketView view = parsed(sample.link, sample.frame, sample.frame.size());
        EXPECT_EQ(view.packet_class, sample.expected) << sample.name;
        EXPECT_EQ(view.trackable, sample.trackable) << sample.name;
    }
}

/// Without the bytes that a verdict needs there is none: whatever is trackable says the same as the whole frame.
TEST(Parser, EveryPrefixOfEverySampleIsReadWithinItsBounds) {
    for (const Sample& sample : samples()) {
        const PacketView whole = parsed(sample.link, sample.frame, sample.frame.size());
        for (std::size_t length = 0; length <= sample.frame.size(); ++length) {
            SCOPED_TRACE(sample.name + " " + std::to_string(length));
            const PacketView view = parsed(sample.link, sample.frame, length);
            ASSERT_LT(static_cast<std::size_t>(view.packet_class), tally::packet_class_count);
            if (!view.trackable) continue;
            EXPECT_EQ(view.packet_class, whole.packet_class);
            EXPECT_EQ(view.source, whole.source);
            EXPECT_EQ(view.destination, whole.destination);
            EXPECT_EQ(view.source_port, whole.source_port);
            EXPECT_EQ(view.destination_port, whole.destination_port);
            EXPECT_EQ(view.sequence, whole.sequence);
            EXPECT_EQ(view.tcp_flags, whole.tcp_flags);
            EXPECT_EQ(view.tcp_options, whole.tcp_options);
            if (sample.name == "length_zero") continue;  // what was captured is all that there is
            EXPECT_EQ(view.payload_length, whole.payload_length);
            EXPECT_EQ(view.wire_length, whole.wire_length);
        }
    }
}

TEST(Parser, SpoiltFramesAreReadWithinTheirBounds) {
    test::Mutator mutator(1);
    const std::vector<Sample> all = samples();
    for (int round = 0; round < 300; ++round) {
        for (const Sample& sample : all) {
            const Bytes spoilt = mutator.mutate(sample.frame);
            const PacketView view = parsed(sample.link, spoilt, spoilt.size());
            ASSERT_LT(static_cast<std::size_t>(view.packet_class), tally::packet_class_count) << sample.name;
            const bool of_tcp = view.packet_class == PacketClass::tcp || view.packet_class == PacketClass::icmp_error;
            ASSERT_TRUE(of_tcp || !view.trackable) << sample.name;
        }
    }
}

TEST(Parser, ViewHoldsNothingOfTheFrameBefore) {
    PacketView view;
    const Bytes syn = v6().tcp(40000, 80).syn().window_scale(7).payload("hello").build();
    parse({LinkType::ethernet, syn.data(), syn.size(), syn.size(), syn.size()}, TunnelPorts::standard(), view);
    EXPECT_TRUE(view.trackable);
    const Bytes arp = PacketBuilder().ethernet().arp("10.0.0.1", "10.0.0.2").build();
    parse({LinkType::ethernet, arp.data(), arp.size(), arp.size(), arp.size()}, TunnelPorts::standard(), view);
    EXPECT_FALSE(view.trackable);
    EXPECT_EQ(view.source, tally::IpAddress{});
    EXPECT_EQ(view.source_port, 0);
    EXPECT_EQ(view.tcp_flags, 0);
    EXPECT_EQ(view.tcp_options, 0);
    EXPECT_EQ(view.payload_length, 0U);
}

/// parse() clears the view in a way of its own.
TEST(Parser, ViewOfNothingIsAFreshOne) {
    PacketView view;
    std::memset(static_cast<void*>(&view), 0xA5, sizeof view);
    parse({LinkType::ethernet, nullptr, 0, 0, 0}, TunnelPorts::standard(), view);
    PacketView fresh;
    EXPECT_EQ(view.packet_class, fresh.packet_class);
    view.packet_class = fresh.packet_class = PacketClass{};
    const Bytes zeros(sizeof view, 0);
    EXPECT_EQ(std::memcmp(&view, zeros.data(), sizeof view), 0);
    EXPECT_EQ(fresh.tunnel, view.tunnel);
    EXPECT_EQ(fresh.vlan, view.vlan);
    EXPECT_EQ(fresh.icmp_from, view.icmp_from);
}

TEST(Parser, WireLengthWithoutIpIsWhatWasCaptured) {
    const Bytes arp = PacketBuilder().ethernet().arp("10.0.0.1", "10.0.0.2").pad_to_60().build();
    EXPECT_EQ(parsed(LinkType::ethernet, arp, 60).wire_length, 60U);
    EXPECT_EQ(parsed(LinkType::ethernet, arp, 20).wire_length, 20U);
    EXPECT_EQ(parsed(LinkType::ethernet, arp, 3).wire_length, 3U);
    const Bytes bad = v4().ip_header_words(1).tcp(1, 2).build();
    EXPECT_EQ(parsed(LinkType::ethernet, bad, bad.size()).wire_length, 54U);
}

}  // namespace
}  // namespace rstwatch::packet
