// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/packet_buffers.h"

#include <algorithm>

namespace rstwatch::port {
namespace {

/// Buffers that the longest frame takes: the pcap driver copies one buffer and at most 65,535 bytes of the rest.
constexpr unsigned buffers_per_frame = 8;

}  // namespace

std::uint64_t buffers_needed(const config::Settings& settings, const PoolUse& use) {
    const auto burst = static_cast<std::uint64_t>(settings.rx.burst);
    const auto queues = static_cast<std::uint64_t>(settings.rx.queues);
    // A file waits for a core that is behind; a wire does not, and is buffered for.
    const bool replay = !settings.ports.empty() && !settings.ports.front().capture.empty();
    // In flight at worst: a burst of every port and of every core that others forward to, and what waits in the rings
    // between them. Nothing of a replay may be lost, also if all of it is frames of the largest size.
    const std::uint64_t bursts = (use.ports + queues - 1) * burst * buffers_per_frame;
    const std::uint64_t in_rings = (queues - 1) * static_cast<std::uint64_t>(settings.rx.forward_ring);
    const std::uint64_t cached = (queues + 1) * buffer_cache * 2;
    const std::uint64_t in_flight = bursts + in_rings * (replay ? buffers_per_frame : 1) + cached;
    if (replay) return in_flight;
    const auto per_queue = static_cast<std::uint64_t>(std::max(settings.rx.mbufs, settings.rx.descriptors));
    return use.ports * queues * per_queue + in_flight;
}

std::uint64_t memory_needed(const config::Settings& settings, const PoolUse& use) {
    constexpr std::uint64_t overhead = 48u << 20;
    return buffers_needed(settings, use) * (use.bytes + 512u) + overhead;
}

}  // namespace rstwatch::port
