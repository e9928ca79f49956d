// SPDX-License-Identifier: Apache-2.0
#include "control/export/top.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "control/registry/ranking.h"

namespace rstwatch::control {
namespace {

using tally::Outcome;

struct Selection {
    std::vector<std::shared_ptr<const WindowInterval>> intervals;
    std::uint64_t seconds = 0;
    std::uint64_t packets = 0;
    std::uint64_t attempts = 0;
    tally::Interval first = 0, last = 0;  // meaningful when seconds > 0
};

Selection select(const Snapshot& snapshot, const TopQuery& query) {
    Selection selection;
    if (snapshot.window.empty()) return selection;
    tally::Interval last = snapshot.totals.last_interval;
    tally::Interval first = snapshot.window.front()->interval;
    if (query.window_seconds && last - first >= *query.window_seconds) first = last - *query.window_seconds + 1;
    if (query.range) {
        if (query.range->second <= first || query.range->first > last) return selection;
        first = std::max(first, query.range->first);
        last = std::min(last, query.range->second - 1);
    }
    for (const auto& interval : snapshot.window) {
        if (interval->interval < first || interval->interval > last) continue;
        selection.intervals.push_back(interval);
        selection.packets += interval->packets;
        selection.attempts += interval->attempts;
    }
    selection.seconds = last - first + 1;
    selection.first = first;
    selection.last = last;
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
    void revise(const tally::Revision& revision, const Selection& selection) {
        if (revision.given_in < selection.first || revision.given_in > selection.last) return;
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

/// What was asked for of a range, and what of it is in the answer.
void add_range(Json& json, const TopQuery& query, const char* source, std::uint64_t covered, tally::Interval from,
               tally::Interval until) {
    if (!query.range) return;
    const auto time = [](tally::Interval second) { return seconds(tally::interval_start(second)); };
    json["from"] = time(from);
    json["to"] = time(until);
    json["source"] = source;
    json["covered_seconds"] = covered;
}

}  // namespace

bool is_wanted(const std::string& wanted, Outcome outcome) {
    if (wanted == "failed") return tally::is_failed(outcome);
    if (wanted == "refused") return outcome == Outcome::refused || outcome == Outcome::refused_by_device;
    return tally::name(outcome) == wanted;
}

Json top(const Snapshot& snapshot, const TopQuery& query) {
    const Selection selection = select(snapshot, query);
    Aggregation aggregation(query);
    for (const auto& interval : selection.intervals) aggregation.add(*interval);
    std::uint64_t attempts = selection.attempts;
    // Of a range that has ended revisions may have come later.
    for (const auto& interval : snapshot.window) {
        if (query.by == TopQuery::By::client)
            for (const tally::Revision& revision : interval->client_revisions) aggregation.revise(revision, selection);
        for (const tally::Revision& revision : interval->revisions) aggregation.revise(revision, selection);
        if (selection.seconds == 0 || interval->interval < selection.first || interval->interval > selection.last)
            continue;
        for (const tally::Revision& revision : interval->assumed) {
            if (!snapshot.assumptions.hold_for(revision.client.address)) continue;
            aggregation.revise(revision, selection);
            ++attempts;
        }
    }

    Json rows = Json::array();
    for (const RankedRow& row : aggregation.ranked())
        rows.push_back(row_document(row, query, selection.seconds, snapshot.services));
    const auto range = query.range.value_or(std::pair(selection.first, selection.last + 1));
    Json json = {{"window_seconds", query.range ? range.second - range.first : selection.seconds},
                 {"outcome", query.outcome},
                 {"by", name(query.by)},
                 {"rows", std::move(rows)},
                 {"packets", {{"received", selection.packets}}},
                 {"attempts", attempts},
                 {"span", span_json(snapshot)}};
    add_range(json, query, "memory", selection.seconds, range.first, range.second);
    return json;
}

Json top(const Snapshot& snapshot, const TopQuery& query, const StoredTop& stored) {
    Json rows = Json::array();
    for (const RankedRow& row : stored.rows)
        rows.push_back(row_document(row, query, stored.seconds, snapshot.services));
    Json json = {{"window_seconds", query.range->second - query.range->first},
                 {"outcome", query.outcome},
                 {"by", name(query.by)},
                 {"rows", std::move(rows)},
                 {"packets", {{"received", stored.packets}}},
                 {"attempts", stored.attempts},
                 {"span", span_json(snapshot)}};
    add_range(json, query, "store", stored.seconds, query.range->first, query.range->second);
    return json;
}

}  // namespace rstwatch::control
