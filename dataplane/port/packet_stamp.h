// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

#include <cstdint>

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

}  // namespace rstwatch::port
