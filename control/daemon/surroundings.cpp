// SPDX-License-Identifier: Apache-2.0
#include "control/daemon/surroundings.h"

#include <unistd.h>

#include "control/registry/system_services.h"

namespace rstwatch::control {
namespace {

std::string host_name() {
    char name[256] = "";
    gethostname(name, sizeof name - 1);
    return name;
}

}  // namespace

Surroundings surroundings_of(const Dataplane& dataplane, const config::Settings& settings,
                             const ServiceKnowledge& services, bool report) {
    Surroundings surroundings;
    if (services.signatures.set != nullptr) surroundings.applications = services.signatures.set->names();
    surroundings.labels = services.labels.all;
    // What a capture is said to show must not depend on who reads it.
    if (!dataplane.is_replay()) surroundings.system_ports = system_services("/etc/services");
    // Nor must a report depend on where it was made.
    surroundings.sensor = !settings.sensor.name.empty() ? settings.sensor.name : report ? "" : host_name();
    surroundings.replay = dataplane.is_replay();
    for (const config::Port& port : settings.ports)
        if (!port.capture.empty()) surroundings.files.push_back(port.capture);
    // A capture is received by one core, whoever follows its connections.
    const std::int64_t receiving = dataplane.is_replay() ? 1 : settings.rx.queues;
    surroundings.datagram_capacity = static_cast<std::size_t>(settings.rx.datagrams * receiving);
    surroundings.connection_capacity = static_cast<std::size_t>(settings.tracking.connections);
    surroundings.port_status = [&dataplane] { return dataplane.port_status(); };
    surroundings.core_status = [&dataplane] {
        std::vector<CoreState> states;
        for (const auto& status : dataplane.core_status())
            states.push_back({.received = status->received.load(std::memory_order_relaxed),
                              .bursts = status->bursts.load(std::memory_order_relaxed),
                              .forwarded = status->forwarded.load(std::memory_order_relaxed),
                              .waits = status->waits.load(std::memory_order_relaxed)});
        return states;
    };
    return surroundings;
}

}  // namespace rstwatch::control
