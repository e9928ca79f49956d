// SPDX-License-Identifier: Apache-2.0
#include "control/port_watch.h"

namespace rstwatch::control {

std::vector<PortActivity> PortWatch::follow(const std::vector<tally::PortStatus>& ports, tally::Time now) {
    std::vector<PortActivity> activity;
    seen_.resize(ports.size());
    for (std::size_t i = 0; i < ports.size(); ++i) {
        Seen& seen = seen_[i];
        if (ports[i].received != seen.received) seen = {ports[i].received, now};
        const bool silent = seen.last_packet && static_cast<double>(now - *seen.last_packet) >=
                                                    silence_ * static_cast<double>(tally::second);
        activity.push_back({seen.last_packet, silent});
    }
    return activity;
}

}  // namespace rstwatch::control
