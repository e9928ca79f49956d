// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet/defragment.h"

struct rte_mbuf;

namespace rstwatch {

/// A received packet of which `view` says that it is a fragment. If it completes a datagram, its buffer and `view`
/// become that datagram's; if not, nothing changes.
void take_fragment(packet::LinkType link, rte_mbuf* packet, packet::Reassembler& reassembler,
                   const packet::TunnelPorts& tunnels, packet::PacketView& view, tally::Time now);

}  // namespace rstwatch
