// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet/layer.h"
#include "dataplane/packet/packet_view.h"

namespace rstwatch::packet {

inline constexpr std::size_t udp_header_length = 8;

/// What a UDP datagram holds if its port does not deceive; the layer stands behind the UDP header. A port is no proof,
/// so what comes out is not certain.
Decoded decode_udp_tunnel(tally::Tunnel tunnel, Layer& layer, PacketView& view);

/// Teredo between hosts and relays, on any port: an IPv6 packet that fills the datagram, one of its addresses from
/// Teredo's prefix (RFC 4380 section 2.6). The layer stands behind the UDP header.
bool is_teredo(const Layer& layer);

/// L2TP version 3 over IP (RFC 3931 section 4.1). Cookie and sublayer have lengths that only the ends know.
Decoded decode_l2tp_over_ip(Layer& layer, PacketView& view);

}  // namespace rstwatch::packet
