// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "dataplane/packet/packet_view.h"

namespace rstwatch::port {

/// By which DPDK driver a kernel interface is read, and why.
struct DriverChoice {
    std::string driver;           ///< such as net_af_packet
    std::string arguments;        ///< of the vdev
    std::string why;              ///< a sentence without its full stop, for the operator
    std::size_t uncut_below = 0;  ///< frames of fewer bytes come as they were on the wire
    std::string warning;          ///< what could be better, and how; empty: nothing
};

/// What this process may do with interfaces.
struct InterfaceRights {
    bool may_administer = true;                   ///< CAP_NET_ADMIN
    std::optional<std::uint64_t> lockable_bytes;  ///< what RLIMIT_MEMLOCK leaves; nothing: as much as it likes
};

InterfaceRights interface_rights();

/// net_pcap for the loopback, for whatever is not Ethernet, and where rights are missing; net_af_packet with a ring of
/// about `ring_packets` for others.
DriverChoice choose_driver(const std::string& interface, bool is_loopback, packet::LinkType link,
                           std::uint64_t ring_packets, const InterfaceRights& rights);

}  // namespace rstwatch::port
