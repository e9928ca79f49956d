// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/kernel_interface.h"

#include <ifaddrs.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

#include <memory>

namespace rstwatch::port {

std::optional<KernelInterface> kernel_interface(const std::string& name) {
    ifaddrs* first = nullptr;
    if (getifaddrs(&first) != 0) return std::nullopt;
    const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> all(first, freeifaddrs);
    for (const ifaddrs* each = first; each != nullptr; each = each->ifa_next) {
        // One entry of each interface is of this family; it bears the index, and the counters as its data.
        if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_PACKET || name != each->ifa_name) continue;
        KernelInterface found;
        found.index = static_cast<unsigned>(reinterpret_cast<const sockaddr_ll*>(each->ifa_addr)->sll_ifindex);
        found.is_up = (each->ifa_flags & IFF_UP) != 0;
        found.has_link = (each->ifa_flags & IFF_RUNNING) != 0;
        found.is_loopback = (each->ifa_flags & IFF_LOOPBACK) != 0;
        // The two that libpcap adds up to ps_ifdrop.
        if (const auto* counters = static_cast<const rtnl_link_stats*>(each->ifa_data); counters != nullptr) {
            found.missed = counters->rx_missed_errors + counters->rx_fifo_errors;
            found.errors = counters->rx_errors;
        }
        return found;
    }
    return std::nullopt;
}

}  // namespace rstwatch::port
