// SPDX-License-Identifier: Apache-2.0
#include "control/export/status.h"

namespace rstwatch::control {
namespace {

Json known(const std::optional<std::uint64_t>& count) {
    return count ? Json(*count) : Json(nullptr);
}

Json ports_json(const std::vector<tally::PortStatus>& ports) {
    Json json = Json::array();
    for (const tally::PortStatus& port : ports)
        json.push_back(
            {{"name", port.name},
             {"source", port.source},
             {"link", port.link},
             {"received", port.received},
             {"dropped",
              {{"missed", known(port.missed)}, {"errors", known(port.errors)}, {"no_mbuf", known(port.no_mbuf)}}}});
    return json;
}

Json cores_json(const std::vector<CoreState>& cores) {
    Json json = Json::array();
    for (std::size_t i = 0; i < cores.size(); ++i)
        json.push_back({{"core", i},
                        {"received", cores[i].received},
                        {"bursts", cores[i].bursts},
                        {"forwarded", cores[i].forwarded},
                        {"forward_dropped", cores[i].forward_dropped},
                        {"late_merges", cores[i].late_merges},
                        {"records_dropped", cores[i].records_dropped},
                        {"waits", cores[i].waits}});
    return json;
}

Json alerting_json(const AlertingState& alerting) {
    const bool learns = alerting.history_seconds > 0;
    return {{"mode", alerting.mode},
            {"watched_seconds", learns ? Json(alerting.watched_seconds) : Json(nullptr)},
            {"history_seconds", learns ? Json(alerting.history_seconds) : Json(nullptr)}};
}

}  // namespace

Json status(const Snapshot& snapshot) {
    const Totals& totals = snapshot.totals;
    const bool any = totals.packets.received > 0;
    return {{"sensor", snapshot.sensor},
            {"version", snapshot.version},
            {"mode", snapshot.replay ? "replay" : "live"},
            {"state", snapshot.finished ? "finished" : "running"},
            {"started", snapshot.replay ? Json(nullptr) : Json(seconds(snapshot.started))},
            {"clock", any ? Json(seconds(totals.last_packet)) : Json(nullptr)},
            {"ports", ports_json(snapshot.ports)},
            {"cores", cores_json(snapshot.cores)},
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
