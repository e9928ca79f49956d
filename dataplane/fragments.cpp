// SPDX-License-Identifier: Apache-2.0
#include "dataplane/fragments.h"

#include <rte_mbuf.h>

namespace rstwatch {

void take_fragment(packet::LinkType link, rte_mbuf* packet, packet::Reassembler& reassembler,
                   const packet::TunnelPorts& tunnels, packet::PacketView& view, tally::Time now) {
    const std::size_t room = packet->buf_len - packet->data_off;
    packet::FrameBuffer frame{link, rte_pktmbuf_mtod(packet, std::uint8_t*), packet->data_len, room};
    if (!packet::defragment(frame, reassembler, tunnels, view, now)) return;
    // All that is kept of a datagram fits into the first buffer.
    if (packet->next != nullptr) rte_pktmbuf_free(packet->next);
    packet->next = nullptr;
    packet->nb_segs = 1;
    packet->data_len = static_cast<std::uint16_t>(frame.length);
    packet->pkt_len = static_cast<std::uint32_t>(frame.length);
}

}  // namespace rstwatch
