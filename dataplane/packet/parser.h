// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet/packet_view.h"
#include "dataplane/packet/usual_tcp.h"

namespace rstwatch::packet {

class TunnelPorts;

/// Parses one frame header by header down to its innermost IP packet, through 16 encapsulations at most. Never reads
/// behind `frame.length`, never fails: whatever does not make sense ends in class `malformed`.
void parse_in_full(const Frame& frame, const TunnelPorts& tunnels, PacketView& view);

/// The same, with a shortcut for nearly every packet.
inline void parse(const Frame& frame, const TunnelPorts& tunnels, PacketView& view) {
    if (!parse_usual_tcp(frame, view)) parse_in_full(frame, tunnels, view);
}

}  // namespace rstwatch::packet
