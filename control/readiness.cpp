// SPDX-License-Identifier: Apache-2.0
#include "control/readiness.h"

#include <algorithm>

namespace rstwatch::control {
namespace {

/// Of a port: its link, and whether it still brings what it brought.
void add_ports(const Snapshot& snapshot, std::vector<std::string>& failures) {
    for (std::size_t i = 0; i < snapshot.ports.size(); ++i) {
        const tally::PortStatus& port = snapshot.ports[i];
        if (port.removed) {
            failures.push_back("port " + port.source + " has been removed: `ip link` shows which interfaces there are");
        } else if (port.link_up == false) {
            failures.push_back("port " + port.source + " has no link: see its cable, and the switch's port");
        } else if (i < snapshot.port_activity.size() && snapshot.port_activity[i].silent) {
            const tally::Time silence = snapshot.now() - *snapshot.port_activity[i].last_packet;
            failures.push_back("port " + port.source + " has fallen silent: no packet for " +
                               std::to_string(silence / tally::second) +
                               " s; see whether the switch still mirrors to it");
        }
    }
}

/// What is to be known of packets that still come. A replay is what it is.
void add_live(const Snapshot& snapshot, std::vector<std::string>& failures) {
    const bool silent = std::ranges::any_of(
        snapshot.alerts, [](const Alert& alert) { return alert.no_data && !alert.until.has_value(); });
    if (snapshot.totals.packets.received == 0) {
        failures.emplace_back("no packet has been received yet: see whether the mirror port is up, and its cable");
    } else if (silent) {
        failures.emplace_back("no packets are received: see whether the mirror port is up, and its cable");
    }
    add_ports(snapshot, failures);
    if (snapshot.span.one_way) failures.push_back("the mirror shows one direction only: " + snapshot.span.text);
}

}  // namespace

std::vector<std::string> what_fails(const SnapshotPtr& snapshot, const StoreStatus& store) {
    if (!snapshot) return {"the daemon is starting and has counted nothing yet"};
    std::vector<std::string> failures;
    if (!snapshot->replay) add_live(*snapshot, failures);
    if (store.state == StoreStatus::State::degraded)
        failures.push_back("the store " + store.path + " is not written: " + store.reason);
    return failures;
}

}  // namespace rstwatch::control
