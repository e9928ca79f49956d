// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet/layer.h"
#include "dataplane/packet/packet_view.h"

namespace rstwatch::packet {

/// The label stack (RFC 3032). Nothing says what is behind it: the first nibble tells IPv4, IPv6 and the control word
/// of a pseudowire (RFC 4385 section 3), and an Ethernet frame is known by what it carries.
Decoded decode_mpls(Layer& layer, PacketView& view);

/// True if an Ethernet frame seems to begin `offset` bytes from here: its type is one that can follow, and what it
/// announces begins as it should.
bool looks_like_ethernet(const Layer& layer, std::size_t offset);

}  // namespace rstwatch::packet
