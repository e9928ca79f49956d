// SPDX-License-Identifier: Apache-2.0
#include "control/export/report.h"

#include <algorithm>

#include "control/export/alert_json.h"

namespace rstwatch::control {
namespace {

Json input_json(const Snapshot& snapshot) {
    const Totals& totals = snapshot.totals;
    Json json = {{"files", snapshot.files}};
    if (totals.packets.received == 0) {
        json["first_packet"] = nullptr;
        json["last_packet"] = nullptr;
        json["duration_seconds"] = 0.0;
        return json;
    }
    json["first_packet"] = seconds(totals.first_packet);
    json["last_packet"] = seconds(totals.last_packet);
    json["duration_seconds"] = seconds(totals.last_packet - totals.first_packet);
    return json;
}

Json rows_json(const std::vector<RankedRow>& rows, std::size_t limit, bool destinations, bool with_outcomes,
               const ServiceDirectory& services) {
    Json json = Json::array();
    for (std::size_t i = 0; i < std::min(limit, rows.size()); ++i) {
        Json row = row_json(rows[i], destinations, services);
        if (with_outcomes) row["outcomes"] = nonzero_outcomes_json(rows[i].outcomes);
        json.push_back(std::move(row));
    }
    return json;
}

Json scanners_json(const std::vector<ScannerSummary>& scanners, std::size_t limit) {
    Json json = Json::array();
    for (std::size_t i = 0; i < std::min(limit, scanners.size()); ++i) {
        const ScannerSummary& scanner = scanners[i];
        json.push_back({{"address", to_string(scanner.client)},
                        {"failed", scanner.failed},
                        {"half_open", scanner.half_open},
                        {"first", seconds(scanner.first)},
                        {"last", seconds(scanner.last)}});
    }
    return json;
}

Json top_json(const Ranking& ranking, const ServiceDirectory& services, std::size_t limit) {
    return {{"refused", rows_json(ranking.refused, limit, true, false, services)},
            {"failed", rows_json(ranking.failed, limit, true, true, services)},
            {"clients", rows_json(ranking.clients, limit, false, true, services)},
            {"scanners", scanners_json(ranking.scanners, limit)}};
}

}  // namespace

Json report(const Snapshot& snapshot, std::size_t rows, Json services) {
    const tally::Time now = tally::interval_start(snapshot.totals.last_interval + 1);
    const auto outcomes = snapshot.totals.shown();
    std::uint64_t failed = 0;
    for (const tally::Outcome outcome : tally::all_outcomes())
        if (tally::is_failed(outcome)) failed += outcomes[tally::index(outcome)];
    return {{"schema", "rstwatch.report/1"},
            {"sensor", snapshot.sensor},
            {"input", input_json(snapshot)},
            {"packets", packets_json(snapshot.totals.packets)},
            {"tcp_flags", tcp_flags_json(snapshot.totals.packets)},
            {"attempts", snapshot.totals.attempts()},
            {"failed", failed},
            {"outcomes", outcomes_json(outcomes)},
            {"tracking", tracking_json(snapshot)},
            {"span", span_json(snapshot)},
            {"tables", tables_json(snapshot)},
            {"top", top_json(snapshot.ranking, snapshot.services, rows)},
            {"services", std::move(services)},
            {"alerts", alerts_json(snapshot.alerts, now)["alerts"]}};
}

}  // namespace rstwatch::control
