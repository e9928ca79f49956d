// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

#include <cstdint>

#include "dataplane/packet/packet_view.h"

namespace rstwatch::port {

/// Where DPDK keeps a packet's time stamp; set once by register_stamps(), before any core polls.
extern int stamp_offset;
extern std::uint64_t stamp_flag;

[[nodiscard]] bool register_stamps();

/// The capture's time stamp of a packet, in microseconds; 0 when the driver set none.
inline std::uint64_t stamp_of(const rte_mbuf* packet) {
    if ((packet->ol_flags & stamp_flag) == 0) return 0;
    return *RTE_MBUF_DYNFIELD(packet, stamp_offset, const rte_mbuf_timestamp_t*);
}

inline void set_stamp(rte_mbuf* packet, std::uint64_t time) {
    *RTE_MBUF_DYNFIELD(packet, stamp_offset, rte_mbuf_timestamp_t*) = time;
    packet->ol_flags |= stamp_flag;
}

/// The link layer of a packet on its way between cores. The port that it came from may be another one by then.
inline void set_link(rte_mbuf* packet, packet::LinkType link) {
    packet->packet_type = static_cast<std::uint32_t>(link);
}

inline packet::LinkType link_of(const rte_mbuf* packet) {
    return static_cast<packet::LinkType>(packet->packet_type);
}

}  // namespace rstwatch::port
