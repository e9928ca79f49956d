// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet/reassembly.h"
#include "dataplane/packet/tunnel_ports.h"

namespace rstwatch::packet {

/// A frame that may be written to.
struct FrameBuffer {
    LinkType link;
    std::uint8_t* data;
    std::size_t length;  ///< bytes of the frame at `data`
    std::size_t room;    ///< bytes that may be written there, `length` at least
};

/// Takes a frame of which parse() has said in `view` that it holds a fragment. If that completes a datagram, the frame
/// becomes the datagram's head, so that whoever reads it, here or on another core, needs to know nothing of fragments:
/// the headers in front stay, IP's own say the whole length, and the payload is as much of the head as there is room
/// for. `view` is then what parse() says of that, and the result true. A datagram may be a fragment of what it carries,
/// and so on.
bool defragment(FrameBuffer& frame, Reassembler& reassembler, const TunnelPorts& tunnels, PacketView& view,
                tally::Time now);

}  // namespace rstwatch::packet
