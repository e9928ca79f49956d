// SPDX-License-Identifier: Apache-2.0
#include "control/export/top.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "control/registry/ranking.h"

namespace rstwatch::control {
namespace {

using tally::Outcome;

/// refused means both ways to be refused; failed what TAXONOMY counts as failed; else the one outcome.
bool is_wanted(const std::string& wanted, Outcome outcome) {
    if (wanted == "failed") return tally::is_failed(outcome);
    if (wanted == "refused") return outcome == Outcome::refused || outcome == Outcome::refused_by_device;
    return tally::name(outcome) == wanted;
}

struct Selection {
    std::vector<std::shared_ptr<const WindowInterval>> intervals;
    std::uint64_t seconds = 0;
    std::uint64_t packets = 0;
    std::uint64_t attempts = 0;
};

Selection select(const Snapshot& snapshot, std::optional<std::uint64_t> wanted) {
    Selection selection;
    if (snapshot.window.empty()) return selection;
    const tally::Interval last = snapshot.totals.last_interval;
    tally::Interval first = snapshot.window.front()->interval;
    if (wanted && last - first >= *wanted) first = last - *wanted + 1;
    for (const auto& interval : snapshot.window) {
        if (interval->interval < first) continue;
        selection.intervals.push_back(interval);
        selection.packets += interval->packets;
        selection.attempts += interval->attempts;
    }
    selection.seconds = last - first + 1;
    return selection;
}

struct EndpointHash {
    std::size_t operator()(const tally::Endpoint& endpoint) const {
        return tally::hash_of(tally::RowKey{endpoint.address, endpoint.port, 0});
    }
};

/// Sums rows by destination (address and port), by service (port alone) or by client.
class Aggregation {
  public:
    explicit Aggregation(const TopQuery& query) : query_(query) {}

    void add(const WindowInterval& interval) {
        const bool by_client = query_.by == TopQuery::By::client;
        for (const tally::Row& row : by_client ? interval.clients : interval.destinations) add(row);
        if (by_client) return;
        for (const tally::Sighting& sighting : interval.sightings)
            if (is_wanted(query_.outcome, sighting.outcome))
                meetings_.emplace_back(key_of(sighting.server), sighting.client);
    }

    /// Takes back verdicts that were changed later; only those given within the selection are in it.
    void revise(const tally::Revision& revision, tally::Interval first) {
        if (revision.given_in < first) return;
        const bool by_client = query_.by == TopQuery::By::client;
        const auto found = rows_.find(by_client ? tally::Endpoint{revision.client, 0} : key_of(revision.server));
        if (found == rows_.end()) return;
        move(found->second, revision.from, -1);
        if (revision.to) move(found->second, *revision.to, +1);
    }

    std::vector<RankedRow> ranked() {
        std::ranges::sort(meetings_);
        const auto repeated = std::ranges::unique(meetings_);
        meetings_.erase(repeated.begin(), repeated.end());
        for (const auto& [server, client] : meetings_)
            if (const auto found = rows_.find(server); found != rows_.end()) ++found->second.clients;
        std::vector<RankedRow> rows;
        for (const auto& [key, row] : rows_)
            if (row.count > 0) rows.push_back(row);
        keep_heaviest(rows, query_.rows);
        return rows;
    }

  private:
    tally::Endpoint key_of(const tally::Endpoint& server) const {
        return query_.by == TopQuery::By::service ? tally::Endpoint{{}, server.port} : server;
    }

    void add(const tally::Row& row) {
        if (row.key.kind == tally::accepted_kind) return;
        const tally::Endpoint key = key_of({row.key.address, row.key.port});
        RankedRow& ranked = rows_[key];
        ranked.key = key;
        ranked.error += row.error;
        ranked.outcomes[row.key.kind] += row.count;
        if (!is_wanted(query_.outcome, static_cast<Outcome>(row.key.kind))) return;
        ranked.first = ranked.count == 0 ? row.first : std::min(ranked.first, row.first);
        ranked.last = ranked.count == 0 ? row.last : std::max(ranked.last, row.last);
        ranked.count += row.count;
    }

    void move(RankedRow& row, Outcome outcome, int sign) const {
        std::uint64_t& count = row.outcomes[tally::index(outcome)];
        if (sign < 0 && count == 0) return;
        count += static_cast<std::uint64_t>(sign);
        if (is_wanted(query_.outcome, outcome)) row.count += static_cast<std::uint64_t>(sign);
    }

    const TopQuery& query_;
    std::unordered_map<tally::Endpoint, RankedRow, EndpointHash> rows_;
    std::vector<std::pair<tally::Endpoint, tally::IpAddress>> meetings_;  // who met with the outcome where
};

const char* name(TopQuery::By by) {
    switch (by) {
        case TopQuery::By::destination:
            return "destination";
        case TopQuery::By::client:
            return "client";
        case TopQuery::By::service:
            return "service";
    }
    return "";
}

Json row_document(const RankedRow& row, const TopQuery& query, std::uint64_t seconds_of_window) {
    Json json = row_json(row, query.by != TopQuery::By::client);
    if (query.by == TopQuery::By::service) json.erase("address");
    json["per_second"] =
        seconds_of_window == 0 ? 0.0 : static_cast<double>(row.count) / static_cast<double>(seconds_of_window);
    json["outcomes"] = nonzero_outcomes_json(row.outcomes);
    return json;
}

}  // namespace

Json top(const Snapshot& snapshot, const TopQuery& query) {
    const Selection selection = select(snapshot, query.window_seconds);
    Aggregation aggregation(query);
    for (const auto& interval : selection.intervals) aggregation.add(*interval);
    for (const auto& interval : selection.intervals)
        for (const tally::Revision& revision : interval->revisions)
            aggregation.revise(revision, selection.intervals.front()->interval);

    Json rows = Json::array();
    for (const RankedRow& row : aggregation.ranked()) rows.push_back(row_document(row, query, selection.seconds));
    return {{"window_seconds", selection.seconds},
            {"outcome", query.outcome},
            {"by", name(query.by)},
            {"rows", std::move(rows)},
            {"packets", {{"received", selection.packets}}},
            {"attempts", selection.attempts}};
}

}  // namespace rstwatch::control
