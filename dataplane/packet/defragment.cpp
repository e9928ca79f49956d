// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/defragment.h"
#include "dataplane/packet/parser.h"

#include <algorithm>
#include <cstring>

namespace rstwatch::packet {
namespace {

constexpr std::size_t longest = 65535;  // what a field of 16 bits can say
constexpr std::size_t ipv6_header = 40;

void store16(std::uint8_t* bytes, std::size_t value) {
    bytes[0] = static_cast<std::uint8_t>(value >> 8);
    bytes[1] = static_cast<std::uint8_t>(value);
}

/// The length of the whole packet whose header begins here.
void store_total(std::uint8_t* header, std::size_t total) {
    if (header[0] >> 4 == 6) {
        store16(header + 4, total - ipv6_header);
    } else {
        store16(header + 2, total);
    }
}

/// As deep as a datagram in fragments within a fragment is followed.
constexpr int most_nested = 4;

/// Returns the frame's length. It says 65,535 bytes where a length field cannot say what there is.
std::size_t rewrite_as_datagram(std::uint8_t* frame, std::size_t room, const IpTrail& trail, const Fragment& fragment,
                                const Datagram& datagram) {
    // What carries the datagram was cut for its own fragment: now each packet is as long as the one around it allows.
    const auto longest_at = [&](std::size_t at) { return longest - (at - trail.at[0]); };
    std::size_t outer = 0;
    while (outer < trail.count && trail.at[outer] < fragment.ip_at) {
        store_total(frame + trail.at[outer], longest_at(trail.at[outer]));
        ++outer;
    }
    std::uint8_t* ip = frame + fragment.ip_at;
    const std::size_t most = outer > 0 ? longest_at(fragment.ip_at) : longest + (fragment.key.v6 ? ipv6_header : 0);
    store_total(ip, std::min(fragment.payload_at - fragment.ip_at + datagram.length, most));
    if (fragment.key.v6) {
        frame[fragment.header_at] = datagram.next_header;
        store16(frame + fragment.header_at + 2, 0);  // all of it (RFC 6946)
    } else {
        store16(ip + 6, 0);
    }
    const std::size_t kept = std::min({datagram.head.size(), std::size_t{datagram.length}, room - fragment.payload_at});
    std::memcpy(frame + fragment.payload_at, datagram.head.data(), kept);
    return fragment.payload_at + kept;
}

bool complete(FrameBuffer& buffer, Reassembler& reassembler, const TunnelPorts& tunnels, std::size_t fragment_at,
              tally::Time now) {
    const std::optional<Fragment> fragment = read_fragment(buffer.data, buffer.length, fragment_at);
    const Datagram* datagram = fragment ? reassembler.add(buffer.data, *fragment, now) : nullptr;
    if (datagram == nullptr) return false;
    const Frame frame{buffer.link, buffer.data, buffer.length, buffer.length, unknown_length};
    buffer.length =
        rewrite_as_datagram(buffer.data, buffer.room, trace_ip_headers(frame, tunnels), *fragment, *datagram);
    return true;
}

}  // namespace

bool defragment(FrameBuffer& buffer, Reassembler& reassembler, const TunnelPorts& tunnels, PacketView& view,
                tally::Time now) {
    const std::uint32_t on_wire = view.wire_length;
    bool completed = false;
    for (int nested = 0; nested < most_nested && view.packet_class == tally::PacketClass::fragment; ++nested) {
        if (!complete(buffer, reassembler, tunnels, view.fragment_at, now)) break;
        completed = true;
        // What the headers say is longer than what is there, as if the capture had cut it.
        parse({buffer.link, buffer.data, buffer.length, buffer.length, unknown_length}, tunnels, view);
    }
    view.wire_length = on_wire;  // of this frame: those before it have been counted with theirs
    return completed;
}

}  // namespace rstwatch::packet
