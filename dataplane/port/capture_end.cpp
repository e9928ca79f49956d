// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/capture_end.h"

#include <rte_ethdev.h>

namespace rstwatch::port {

CaptureEnd capture_end(Port& port) {
    CaptureEnd end;
    rte_eth_stats stats{};
    (void)rte_eth_stats_get(port.id, &stats);
    end.lost_packets = stats.rx_nombuf > 0;
    if (port.stream) {
        const std::string error = port.stream->error();
        if (!error.empty()) end.damage = error;
    }
    if (end.damage.empty() && stats.ierrors > 0)
        end.damage = port.stream ? "ends inside a packet, after " + std::to_string(stats.ipackets) + " packets"
                                 : describe_damage(port.source);
    if (end.damage.empty() && stats.ierrors > 0) end.damage = "was damaged while it was read";
    return end;
}

}  // namespace rstwatch::port
