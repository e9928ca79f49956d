// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/fragment.h"

#include <gtest/gtest.h>

#include "tests/support/encapsulations.h"
#include "tests/unit/packet_parse.h"

namespace rstwatch::packet {
namespace {

std::optional<Fragment> read(const Bytes& frame, std::size_t at = 14) {
    return read_fragment(frame.data(), frame.size(), at);
}

TEST(Fragment, Ipv4) {
    PacketBuilder packet = v4().identification(0x1234).ip_options({1, 1, 1, 0}).more_fragments().fragment_offset(5);
    const auto found = read(packet.ip_protocol(6).payload_of(16).pad_to_60().build());
    ASSERT_TRUE(found);
    EXPECT_EQ(tally::to_string(found->key.source), "10.0.0.1");
    EXPECT_EQ(tally::to_string(found->key.destination), "10.0.0.2");
    EXPECT_EQ(found->key.id, 0x1234U);
    EXPECT_EQ(found->key.protocol, 6);
    EXPECT_EQ(found->offset, 40U);
    EXPECT_EQ(found->length, 16U);
    EXPECT_EQ(found->payload_at, 14U + 24);
    EXPECT_TRUE(found->more);
}

TEST(Fragment, Ipv6) {
    PacketBuilder packet = v6().hop_by_hop().fragment_header(3, false, 0xCAFEBABE).ip_protocol(17);
    const auto found = read(packet.payload_of(5).build());
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->key.v6);
    EXPECT_EQ(found->key.id, 0xCAFEBABEU);
    EXPECT_EQ(found->key.protocol, 0);  // no part of it, RFC 8200 section 4.5
    EXPECT_EQ(found->next_header, 17);
    EXPECT_EQ(found->offset, 24U);
    EXPECT_EQ(found->length, 5U);
    EXPECT_EQ(found->header_at, 14U + 40 + 8);
    EXPECT_EQ(found->payload_at, 14U + 40 + 8 + 8);
    EXPECT_FALSE(found->more);
}

TEST(Fragment, OnlyWhatWasCapturedWhole) {
    const Bytes four = v4().more_fragments().ip_protocol(6).payload_of(16).build();
    const Bytes six = v6().fragment_header(0, true).ip_protocol(6).payload_of(16).build();
    for (const Bytes& frame : {four, six}) {
        EXPECT_TRUE(read_fragment(frame.data(), frame.size(), 14));
        for (std::size_t length = 0; length < frame.size(); ++length) {
            const std::unique_ptr<std::uint8_t[]> exact(new std::uint8_t[length]);
            std::copy_n(frame.begin(), length, exact.get());
            EXPECT_FALSE(read_fragment(exact.get(), length, 14)) << length;
        }
    }
}

TEST(Fragment, WhatCannotBeOne) {
    EXPECT_FALSE(read(v4().more_fragments().ip_protocol(6).payload_of(15).build()));  // not a multiple of 8
    EXPECT_TRUE(read(v4().fragment_offset(1).ip_protocol(6).payload_of(15).build()));
    EXPECT_FALSE(read(v4().more_fragments().build()));  // nothing in it
    EXPECT_FALSE(read(v4().fragment_offset(0x1FFF).ip_protocol(1).payload_of(8).build()));
    EXPECT_TRUE(read(v4().fragment_offset(0x1FFF).ip_protocol(1).payload_of(7).build()));
    EXPECT_FALSE(read(v4().ip_header_words(2).more_fragments().payload_of(8).build()));
    EXPECT_FALSE(read(v6().tcp(1, 2).build()));
}

TEST(Fragment, TrailOfIpHeaders) {
    PacketBuilder packet = v4().gre().ipv6("::1", "::2").udp(1, 4789).vxlan(5).ethernet().ipv4("1.1.1.1", "2.2.2.2");
    const Bytes frame = packet.more_fragments().ip_protocol(6).payload_of(16).build();
    const IpTrail trail = trace_ip_headers({LinkType::ethernet, frame.data(), frame.size(), frame.size(), frame.size()},
                                           TunnelPorts::standard());
    ASSERT_EQ(trail.count, 3U);
    EXPECT_EQ(trail.at[0], 14);
    EXPECT_EQ(trail.at[1], 14 + 20 + 4);
    EXPECT_EQ(trail.at[2], 14 + 20 + 4 + 40 + 8 + 8 + 14);
}

}  // namespace
}  // namespace rstwatch::packet
