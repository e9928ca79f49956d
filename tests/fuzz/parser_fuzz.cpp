// SPDX-License-Identifier: Apache-2.0
// Bytes as frames of one link layer, which the first byte picks; each has its length in two bytes before it. Fragments
// go through a reassembler, and what it makes of them is parsed again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "dataplane/packet/defragment.h"
#include "dataplane/packet/packet_view.h"
#include "dataplane/packet/parser.h"
#include "dataplane/packet/plain_segment.h"
#include "dataplane/packet/tunnel_ports.h"
#include "tests/fuzz/require.h"

using rstwatch::packet::LinkType;
using rstwatch::packet::PacketView;
using rstwatch::packet::Reassembler;
using rstwatch::packet::TunnelPorts;
using rstwatch::tally::PacketClass;
namespace packet = rstwatch::packet;

namespace {

const TunnelPorts& tunnels() {
    static const TunnelPorts ports = TunnelPorts::standard();
    return ports;
}

void require_sense(const PacketView& view) {
    require(static_cast<std::size_t>(view.packet_class) < rstwatch::tally::packet_class_count);
    const bool may_be_tracked = view.packet_class == PacketClass::tcp || view.packet_class == PacketClass::icmp_error;
    require(!view.trackable || may_be_tracked);
}

/// Neither what was in the view before nor the shortcut for the usual packet has any influence.
void require_same_in_full(const packet::Frame& frame, const PacketView& view) {
    PacketView again;
    std::memset(static_cast<void*>(&again), 0xa5, sizeof again);
    packet::parse_in_full(frame, tunnels(), again);
    require(again == view);
}

/// What is dismissed at control depth without a closer look is what a closer look would have found.
void require_same_if_plain(const packet::Frame& frame, const PacketView& view) {
    packet::PlainSegment plain;
    if (!packet::parse_plain_segment(frame, plain)) return;
    require(view.packet_class == PacketClass::tcp && view.trackable);
    require(view.tcp_flags == plain.tcp_flags && view.wire_length == plain.wire_length);
    require(packet::fold_of(view) == plain.tuple);
}

/// In a buffer of exactly its size, so that the sanitizer sees a read or a write behind its end.
void take(LinkType link, const std::uint8_t* data, std::size_t length, std::size_t room, std::size_t on_wire,
          Reassembler& reassembler, rstwatch::tally::Time now) {
    const std::unique_ptr<std::uint8_t[]> bytes(new std::uint8_t[room]);
    if (length != 0) std::memcpy(bytes.get(), data, length);
    PacketView view;
    const packet::Frame frame{link, bytes.get(), length, length, on_wire};
    packet::parse(frame, tunnels(), view);
    require_sense(view);
    require_same_in_full(frame, view);
    require_same_if_plain(frame, view);
    if (view.packet_class != PacketClass::fragment) return;
    packet::FrameBuffer buffer{link, bytes.get(), length, room};
    packet::defragment(buffer, reassembler, tunnels(), view, now);
    require(buffer.length <= room);
    require_sense(view);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    constexpr unsigned link_types = static_cast<unsigned>(LinkType::cisco_hdlc) + 1;
    const auto link = static_cast<LinkType>((data[0] & 0x7f) % link_types);
    // Of half of the inputs it is known that nothing was cut.
    const bool whole = (data[0] & 0x80) != 0;
    Reassembler reassembler(16, 1);
    rstwatch::tally::Time now = 0;
    for (std::size_t at = 1; at + 2 <= size;) {
        const std::size_t said = static_cast<std::size_t>(data[at]) << 8 | data[at + 1];
        at += 2;
        const std::size_t length = std::min(said & 0x7ff, size - at);
        // The highest bit says whether there is room for more than the frame; the next four let time pass.
        const std::size_t room = (said & 0x8000) != 0 ? length + 600 : length;
        now += (said >> 11 & 0xf) * 2 * rstwatch::tally::second;
        take(link, data + at, length, std::max<std::size_t>(room, 1), whole ? length : packet::unknown_length,
             reassembler, now);
        at += length;
    }
    reassembler.expire(now);
    return 0;
}
