// SPDX-License-Identifier: Apache-2.0
#include "control/daemon/surroundings.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include "control/registry/system_services.h"

namespace rstwatch::control {
namespace {

std::string host_name() {
    char name[256] = "";
    gethostname(name, sizeof name - 1);
    return name;
}

CoreState state_of(const tally::CoreStatus& status) {
    const auto value = [](const auto& counter) { return counter.load(std::memory_order_relaxed); };
    CoreState state;
    state.received = value(status.received);
    state.bursts = value(status.bursts);
    state.forwarded = value(status.forwarded);
    state.misdirected = value(status.misdirected);
    state.waits = value(status.waits);
    state.polls = value(status.polls);
    state.busy = value(status.busy);
    state.elapsed = value(status.elapsed);
    state.at_control_depth = value(status.at_control_depth);
    state.falls = value(status.falls);
    for (std::size_t i = 0; i < tally::burst_size_count; ++i) state.burst_sizes[i] = value(status.burst_sizes[i]);
    return state;
}

}  // namespace

std::string sensor_name(const config::Settings& settings) {
    return settings.sensor.name.empty() ? host_name() : settings.sensor.name;
}

void log_remarks(Dataplane& dataplane) {
    for (const port::Remark& remark : dataplane.take_remarks()) {
        const auto level = remark.level == port::Remark::Level::debug  ? spdlog::level::debug
                           : remark.level == port::Remark::Level::info ? spdlog::level::info
                                                                       : spdlog::level::warn;
        spdlog::log(level, "{}", remark.sentence);
    }
}

Surroundings surroundings_of(Dataplane& dataplane, const config::Settings& settings, const ServiceKnowledge& services,
                             bool report) {
    Surroundings surroundings;
    if (services.signatures.set != nullptr) surroundings.applications = services.signatures.set->names();
    surroundings.labels = services.labels.all;
    // What a capture is said to show must not depend on who reads it.
    if (!dataplane.is_replay()) surroundings.system_ports = system_services("/etc/services");
    // Nor must a report depend on where it was made.
    surroundings.sensor = report ? settings.sensor.name : sensor_name(settings);
    surroundings.replay = dataplane.is_replay();
    if (dataplane.is_replay()) surroundings.doorbell = &dataplane.doorbell();
    for (const config::Port& port : settings.ports)
        if (!port.capture.empty()) surroundings.files.push_back(port.capture);
    // A capture is received by one core, whoever follows its connections.
    const std::int64_t receiving = dataplane.is_replay() ? 1 : settings.rx.queues;
    surroundings.datagram_capacity = static_cast<std::size_t>(settings.rx.datagrams * receiving);
    surroundings.connection_capacity = static_cast<std::size_t>(settings.tracking.connections);
    surroundings.port_status = [&dataplane] {
        std::vector<tally::PortStatus> status = dataplane.port_status();
        log_remarks(dataplane);
        return status;
    };
    surroundings.core_status = [&dataplane] {
        std::vector<CoreState> states;
        for (const auto& status : dataplane.core_status()) states.push_back(state_of(*status));
        return states;
    };
    return surroundings;
}

std::function<void()> beat_of(const Dataplane& dataplane, Vitals& vitals, Watchdog& watchdog) {
    return [&, polls = std::vector<std::uint64_t>(), told = false]() mutable {
        const auto now = Vitals::Clock::now();
        polls.clear();
        if (!dataplane.is_replay())
            for (const auto& status : dataplane.core_status())
                polls.push_back(status->polls.load(std::memory_order_relaxed));
        vitals.beat(now, polls);
        watchdog.feed(now);
        const auto still = vitals.what_stands_still(now);
        for (const std::string& sentence : still)
            if (!told) spdlog::error("{}", sentence);
        told = !still.empty();
    };
}

}  // namespace rstwatch::control
