// SPDX-License-Identifier: Apache-2.0
#include "control/export/top.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>

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
        error_ += by_client ? interval.clients_missed : interval.destinations_missed;
        if (by_client) return;
        for (const tally::Sighting& sighting : interval.sightings)
            meet(sighting.server, sighting.client.address, static_cast<Outcome>(sighting.kind), +1);
    }

    /// Takes back verdicts that were changed later; only those given within the selection are in it.
    void revise(const tally::Revision& revision, tally::Interval first) {
        if (revision.given_in < first) return;
        const bool by_client = query_.by == TopQuery::By::client;
        const auto found =
            rows_.find(by_client ? tally::Endpoint{revision.client.address, 0} : key_of(revision.server));
        if (found == rows_.end() || found->second.count(revision.from) == 0) return;  // its row has given way
        --found->second.at(revision.from).count;
        if (revision.to) found->second.at(*revision.to).add(1, revision.time, revision.time);
        if (by_client) return;
        meet(revision.server, revision.client.address, revision.from, -1);
        if (revision.to) meet(revision.server, revision.client.address, *revision.to, +1);
    }

    std::vector<RankedRow> ranked() {
        const auto wanted = [this](Outcome outcome) { return is_wanted(query_.outcome, outcome); };
        count_clients();
        std::vector<RankedRow> rows;
        for (const auto& [key, row] : rows_) {
            RankedRow ranked = summarize(row, wanted);
            if (ranked.count == 0) continue;
            ranked.error = error_;
            if (const auto met = clients_.find(key); met != clients_.end()) ranked.clients = met->second;
            rows.push_back(ranked);
        }
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
        RegistryRow& sum = rows_[key];
        sum.key = key;
        sum.at(static_cast<Outcome>(row.key.kind)).add(row.count, row.first, row.last);
    }

    void meet(const tally::Endpoint& server, const tally::IpAddress& client, Outcome outcome, int change) {
        if (is_wanted(query_.outcome, outcome)) meetings_.push_back({key_of(server), client, change});
    }

    /// A client counts where it was met more often than that was taken back.
    void count_clients() {
        const auto who = [](const Meeting& meeting) { return std::tie(meeting.server, meeting.client); };
        std::ranges::sort(meetings_, {}, who);
        for (auto first = meetings_.begin(); first != meetings_.end();) {
            int times = 0;
            auto next = first;
            for (; next != meetings_.end() && who(*next) == who(*first); ++next) times += next->change;
            if (times > 0) ++clients_[first->server];
            first = next;
        }
    }

    struct Meeting {
        tally::Endpoint server;
        tally::IpAddress client;
        int change;
    };

    const TopQuery& query_;
    std::unordered_map<tally::Endpoint, RegistryRow, EndpointHash> rows_;
    std::unordered_map<tally::Endpoint, std::uint64_t, EndpointHash> clients_;
    std::vector<Meeting> meetings_;
    std::uint64_t error_ = 0;
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

Json row_document(const RankedRow& row, const TopQuery& query, std::uint64_t seconds_of_window,
                  const ServiceDirectory& services) {
    Json json = row_json(row, query.by != TopQuery::By::client, services);
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
    std::uint64_t attempts = selection.attempts;
    for (const auto& interval : selection.intervals) {
        const tally::Interval first = selection.intervals.front()->interval;
        if (query.by == TopQuery::By::client)
            for (const tally::Revision& revision : interval->client_revisions) aggregation.revise(revision, first);
        for (const tally::Revision& revision : interval->revisions) aggregation.revise(revision, first);
        for (const tally::Revision& revision : interval->assumed) {
            if (!snapshot.assumptions.hold_for(revision.client.address)) continue;
            aggregation.revise(revision, first);
            ++attempts;
        }
    }

    Json rows = Json::array();
    for (const RankedRow& row : aggregation.ranked())
        rows.push_back(row_document(row, query, selection.seconds, snapshot.services));
    return {{"window_seconds", selection.seconds},
            {"outcome", query.outcome},
            {"by", name(query.by)},
            {"rows", std::move(rows)},
            {"packets", {{"received", selection.packets}}},
            {"attempts", attempts},
            {"span", span_json(snapshot)}};
}

}  // namespace rstwatch::control
