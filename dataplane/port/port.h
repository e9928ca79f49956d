// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/packet/packet_view.h"
#include "dataplane/port/capture_file.h"
#include "dataplane/port/capture_stream.h"
#include "dataplane/port/packet_sockets.h"
#include "dataplane/port/poll_gate.h"
#include "dataplane/port/wire_lengths.h"

namespace rstwatch::port {

/// Who knows how many packets were lost for want of a slot.
enum class MissedBy {
    nobody,
    driver,  ///< its imissed
    kernel,  ///< statistics of the driver's packet sockets
};

/// What a device has counted.
struct PortCounts {
    std::uint64_t received = 0;
    std::uint64_t missed = 0;
    std::uint64_t errors = 0;
    std::uint64_t no_mbuf = 0;
};

/// A DPDK port. Cores read `queues`, `has_rss`, `link`, `uncut_below` and the captures, which never change while they
/// run, and `id` behind the gate; all else is the main thread's.
struct Port {
    std::uint16_t id = 0;
    std::uint16_t queues = 1;
    packet::LinkType link = packet::LinkType::ethernet;
    std::string source;     ///< file, interface or address, as the operator named it
    std::string driver;     ///< of DPDK
    std::string why;        ///< this one; empty: the operator named it
    std::string device;     ///< name that DPDK knows it by
    std::string arguments;  ///< of a vdev
    bool is_vdev = false;   ///< made by us, and remade
    bool has_rss = false;   ///< spreads packets over its queues as owner_of() would
    bool is_attached = false;
    bool is_capture = false;  ///< ends, and brings its own time
    MissedBy missed_by = MissedBy::nobody;
    std::size_t uncut_below = 0;  ///< frames of fewer bytes come as they were on the wire
    unsigned node = 0;            ///< of NUMA
    std::vector<std::string> warnings;

    CaptureFile capture;
    std::unique_ptr<WireLengths> wire_lengths;  ///< of a capture, where they can be found out
    std::unique_ptr<CaptureStream> stream;      ///< feeds the capture, if it needs that

    std::string interface;                  ///< of the kernel, that a vdev reads; empty: none
    unsigned interface_index = 0;           ///< that the device is attached to
    bool exists = true;                     ///< the interface, when last looked at
    bool has_link = false;                  ///< likewise
    std::uint64_t removals = 0;             ///< of the interface, under the running daemon
    std::uint32_t interface_missed_at = 0;  ///< the kernel's counter when last looked at
    std::uint64_t interface_missed = 0;     ///< since the start
    std::uint32_t interface_errors_at = 0;  ///< likewise
    std::uint64_t interface_errors = 0;     ///< likewise
    std::string trouble;                    ///< why it is not attached, as last told
    PacketSockets sockets;
    PortCounts counts;   ///< of this device, when last looked at while it was well
    PortCounts earlier;  ///< of those that have been removed
    PollGate gate;
};

}  // namespace rstwatch::port
