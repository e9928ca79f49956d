// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <memory>

#include "dataplane/packet/parser.h"
#include "dataplane/packet/plain_segment.h"
#include "dataplane/packet/tunnel_ports.h"
#include "tests/support/packet_builder.h"

namespace rstwatch::packet {

using test::Bytes;
using test::PacketBuilder;

/// Parses the first `length` bytes from an allocation of exactly that size, so that ASan sees a read behind it.
inline PacketView parsed(LinkType link, const Bytes& frame, std::size_t length, std::size_t on_wire = unknown_length) {
    const std::unique_ptr<std::uint8_t[]> exact(new std::uint8_t[length]);
    if (length > 0) std::memcpy(exact.get(), frame.data(), length);
    PacketView view, in_full;
    const Frame only{link, exact.get(), length, length, on_wire};
    parse(only, TunnelPorts::standard(), view);
    parse_in_full(only, TunnelPorts::standard(), in_full);
    EXPECT_EQ(view, in_full) << "by the shortcut for the usual packet";
    PlainSegment plain;
    if (parse_plain_segment(only, plain)) {
        EXPECT_TRUE(view.trackable);
        EXPECT_EQ(view.packet_class, tally::PacketClass::tcp);
        EXPECT_EQ(view.tcp_flags, plain.tcp_flags);
        EXPECT_EQ(view.wire_length, plain.wire_length);
        EXPECT_TRUE(fold_of(view) == plain.tuple);
    }
    return view;
}

inline PacketView parsed(LinkType link, const PacketBuilder& packet) {
    const Bytes frame = packet.build();
    return parsed(link, frame, frame.size());
}

inline PacketView parsed(const PacketBuilder& packet) {
    return parsed(LinkType::ethernet, packet);
}

/// The same of a frame that is known to have been captured whole.
inline PacketView parsed_whole(const PacketBuilder& packet) {
    const Bytes frame = packet.build();
    return parsed(LinkType::ethernet, frame, frame.size(), frame.size());
}

/// An Ethernet frame up to where the transport begins.
inline PacketBuilder v4() {
    return PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.2").ttl(57);
}
inline PacketBuilder v6() {
    return PacketBuilder().ethernet().ipv6("2001:db8::1", "2001:db8::2").ttl(57);
}

}  // namespace rstwatch::packet
