// SPDX-License-Identifier: Apache-2.0
#include "control/export/status.h"

namespace rstwatch::control {
namespace {

using AskedAt = std::chrono::steady_clock::time_point;

template <typename T>
Json known(const std::optional<T>& value) {
    return value ? Json(*value) : Json(nullptr);
}

/// Seconds since a time of the packets' clock; null where there was none, and in a replay, whose time is not ours.
Json age_json(const Snapshot& snapshot, const std::optional<tally::Time>& time, AskedAt asked) {
    return time && !snapshot.replay ? Json(snapshot.age(*time, asked)) : Json(nullptr);
}

Json ports_json(const Snapshot& snapshot, AskedAt asked) {
    Json json = Json::array();
    for (std::size_t i = 0; i < snapshot.ports.size(); ++i) {
        const tally::PortStatus& port = snapshot.ports[i];
        const PortActivity activity = i < snapshot.port_activity.size() ? snapshot.port_activity[i] : PortActivity{};
        json.push_back({{"name", port.name},
                        {"source", port.source},
                        {"link", port.link},
                        {"link_up", known(port.link_up)},
                        {"removed", port.removed},
                        {"removals", port.removals},
                        {"driver", port.driver},
                        {"why", port.why.empty() ? Json(nullptr) : Json(port.why)},
                        {"queues", port.queues},
                        {"warnings", port.warnings},
                        {"received", port.received},
                        {"last_packet_age_seconds", age_json(snapshot, activity.last_packet, asked)},
                        {"dropped",
                         {{"missed", known(port.missed)},
                          {"errors", known(port.errors)},
                          {"no_mbuf", known(port.no_mbuf)},
                          {"interface", known(port.interface_missed)}}}});
    }
    return json;
}

/// "0", "1", "2-3", … "64".
Json burst_sizes_json(const CoreState& core) {
    Json json = Json::object();
    for (std::size_t i = 0; i < tally::burst_size_count; ++i) {
        const std::size_t least = i == 0 ? 0 : tally::largest_burst(i - 1) + 1, most = tally::largest_burst(i);
        const bool one = least == most || i + 1 == tally::burst_size_count;
        json[std::to_string(least) + (one ? "" : "-" + std::to_string(most))] = core.burst_sizes[i];
    }
    return json;
}

Json cores_json(const Snapshot& snapshot) {
    const std::vector<CoreState>& cores = snapshot.cores;
    Json json = Json::array();
    for (std::size_t i = 0; i < cores.size(); ++i)
        json.push_back({{"core", i},
                        {"received", cores[i].received},
                        {"bursts", cores[i].bursts},
                        {"forwarded", cores[i].forwarded},
                        {"misdirected", cores[i].misdirected},
                        {"forward_dropped", cores[i].forward_dropped},
                        {"late_merges", cores[i].late_merges},
                        {"records_dropped", cores[i].records_dropped},
                        {"waits", cores[i].waits},
                        {"busy_share", known(cores[i].busy_share)},
                        {"depth", cores[i].at_control_depth ? "control" : "full"},
                        {"falls", cores[i].falls},
                        {"burst_sizes", snapshot.replay ? Json(nullptr) : burst_sizes_json(cores[i])}});
    return json;
}

/// A replay has no clock but its packets'.
Json wall_clock_json(const std::optional<tally::ClockStatus>& clock) {
    if (!clock) return nullptr;
    const auto signed_seconds = [](std::int64_t microseconds) { return static_cast<double>(microseconds) / 1e6; };
    const bool any = clock->steps > 0;
    return {{"offset_seconds", signed_seconds(clock->wall_offset)},
            {"steps", clock->steps},
            {"last_step_seconds", any ? Json(signed_seconds(clock->last_step)) : Json(nullptr)},
            {"last_step_at", any ? Json(seconds(clock->last_step_at)) : Json(nullptr)},
            {"tick_jumps", clock->tick_jumps},
            {"ticks_per_second", clock->ticks_per_second},
            {"slewed_per_million", clock->slewed_per_million}};
}

Json alerting_json(const AlertingState& alerting) {
    const bool learns = alerting.history_seconds > 0;
    return {{"mode", alerting.mode},
            {"watched_seconds", learns ? Json(alerting.watched_seconds) : Json(nullptr)},
            {"history_seconds", learns ? Json(alerting.history_seconds) : Json(nullptr)}};
}

Json age_of_data_json(const Snapshot& snapshot, AskedAt asked) {
    std::optional<tally::Time> interval, packet;
    if (snapshot.totals.last_interval > 0) interval = snapshot.now();
    if (snapshot.totals.packets.received > 0) packet = snapshot.totals.last_packet;
    return {{"last_interval_seconds", age_json(snapshot, interval, asked)},
            {"last_packet_seconds", age_json(snapshot, packet, asked)}};
}

Json control_json(const ControlLoad& load) {
    return {{"cpu_seconds", load.cpu_seconds}, {"merge_seconds", load.merge_seconds}, {"intervals", load.intervals}};
}

}  // namespace

Json status(const Snapshot& snapshot, AskedAt asked) {
    const Totals& totals = snapshot.totals;
    const bool any = totals.packets.received > 0;
    return {{"sensor", snapshot.sensor},
            {"version", snapshot.version},
            {"mode", snapshot.replay ? "replay" : "live"},
            {"state", snapshot.finished ? "finished" : "running"},
            {"started", snapshot.replay ? Json(nullptr) : Json(seconds(snapshot.started))},
            {"clock", any ? Json(seconds(totals.last_packet)) : Json(nullptr)},
            {"wall_clock", wall_clock_json(snapshot.clock)},
            {"ports", ports_json(snapshot, asked)},
            {"cores", cores_json(snapshot)},
            {"age", age_of_data_json(snapshot, asked)},
            {"control", control_json(snapshot.load)},
            {"packets", packets_json(totals.packets)},
            {"attempts", totals.attempts()},
            {"pending", totals.gauges.pending},
            {"open", totals.gauges.open},
            {"revised", totals.revised},
            {"late_merges", totals.late_merges},
            {"forward_dropped", totals.losses.forward_dropped},
            {"window_shortened_seconds", snapshot.window_shortened},
            {"tracking", tracking_json(snapshot)},
            {"span", span_json(snapshot)},
            {"alerting", alerting_json(snapshot.alerting)},
            {"tables", tables_json(snapshot)}};
}

}  // namespace rstwatch::control
