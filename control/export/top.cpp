// SPDX-License-Identifier: Apache-2.0
#include "control/export/top.h"

#include <algorithm>
#include <bitset>
#include <tuple>
#include <unordered_map>

#include "control/export/heaviest.h"
#include "control/registry/ranking.h"

namespace rstwatch::control {
namespace {

using tally::Outcome;

struct Selection {
    std::vector<std::shared_ptr<const WindowInterval>> intervals;
    std::uint64_t seconds = 0;
    std::uint64_t packets = 0;
    std::uint64_t attempts = 0;
    std::uint64_t control_depth_seconds = 0;
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
        selection.control_depth_seconds += interval->at_control_depth ? 1 : 0;
    }
    selection.seconds = last - first + 1;
    selection.first = first;
    selection.last = last;
    return selection;
}

struct KeyHash {
    std::size_t operator()(const tally::Endpoint& key) const { return hash_of(key); }
};

/// What rows and revisions count for, under a query.
class Grouping {
  public:
    explicit Grouping(const TopQuery& query) : by_(query.by) {
        for (const Outcome outcome : tally::all_outcomes())
            wanted_[tally::index(outcome)] = is_wanted(query.outcome, outcome);
    }

    bool by_client() const { return by_ == TopQuery::By::client; }
    const WantedOutcomes& wanted() const { return wanted_; }
    bool wants(Outcome outcome) const { return wanted_[tally::index(outcome)]; }

    const std::vector<tally::Row>& rows_of(const WindowInterval& interval) const {
        return by_client() ? interval.clients : interval.destinations;
    }
    tally::Endpoint key_of(const tally::Endpoint& server) const {
        return by_ == TopQuery::By::service ? tally::Endpoint{{}, server.port} : server;
    }
    tally::Endpoint key_of(const tally::Row& row) const {
        return key_of(tally::Endpoint{row.key.address, row.key.port});
    }
    tally::Endpoint key_of(const tally::Revision& revision) const {
        return by_client() ? tally::Endpoint{revision.client.address, 0} : key_of(revision.server);
    }

  private:
    TopQuery::By by_;
    WantedOutcomes wanted_{};
};

/// Calls back with every revision of a verdict that was given within the selection, in order: of a range that has ended
/// revisions may have come later. `assumed`: it is an attempt that the cores have not counted.
template <typename Visit>
void for_each_revision(const Snapshot& snapshot, const Selection& selection, bool by_client, Visit visit) {
    if (selection.seconds == 0) return;
    const auto take = [&](const tally::Revision& revision, bool assumed) {
        if (revision.given_in >= selection.first && revision.given_in <= selection.last) visit(revision, assumed);
    };
    for (const auto& interval : snapshot.window) {
        if (by_client)
            for (const tally::Revision& revision : interval->client_revisions) take(revision, false);
        for (const tally::Revision& revision : interval->revisions) take(revision, false);
        if (interval->interval < selection.first || interval->interval > selection.last) continue;
        for (const tally::Revision& revision : interval->assumed)
            if (snapshot.assumptions.hold_for(revision.client.address)) take(revision, true);
    }
}

/// The keys that an answer will list.
std::vector<tally::Endpoint> find_heaviest(const Snapshot& snapshot, const Selection& selection,
                                           const Grouping& grouping, std::size_t limit) {
    std::size_t most_rows = 0;
    for (const auto& interval : selection.intervals) most_rows += grouping.rows_of(*interval).size();
    Heaviest heaviest(grouping.wanted(), most_rows);
    for_each_revision(snapshot, selection, grouping.by_client(),
                      [&](const tally::Revision& revision, bool) { heaviest.announce(revision.from, revision.to); });
    heaviest.prepare();
    constexpr std::size_t ahead = 8;  // as in Registry: rows lie in memory, not in the cache
    for (const auto& interval : selection.intervals) {
        const std::vector<tally::Row>& rows = grouping.rows_of(*interval);
        const auto key_at = [&](std::size_t i) { return grouping.key_of(rows[i]); };
        const auto is_counted = [&](std::size_t i) { return i < rows.size() && heaviest.counts(rows[i].key.kind); };
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (is_counted(i + 2 * ahead)) heaviest.prefetch_index(key_at(i + 2 * ahead));
            if (is_counted(i + ahead)) heaviest.prefetch_entry(key_at(i + ahead));
            if (is_counted(i)) heaviest.add(key_at(i), rows[i].key.kind, rows[i].count);
        }
    }
    for_each_revision(snapshot, selection, grouping.by_client(), [&](const tally::Revision& revision, bool) {
        heaviest.revise(grouping.key_of(revision), revision.from, revision.to);
    });
    return heaviest.keys(limit);
}

/// Sums all that is known of some keys: destinations (address and port), services (port alone) or clients.
class Aggregation {
  public:
    Aggregation(const Grouping& grouping, const std::vector<tally::Endpoint>& keys) : grouping_(grouping) {
        for (const tally::Endpoint& key : keys) {
            rows_[key].key = key;
            maybe_listed_.set(hash_of(key) % maybe_listed_.size());
        }
    }

    void add(const WindowInterval& interval) {
        for (const tally::Row& row : grouping_.rows_of(interval)) add(row);
        error_ += grouping_.by_client() ? interval.clients_missed : interval.destinations_missed;
        if (grouping_.by_client()) return;
        for (const tally::Sighting& sighting : interval.sightings)
            meet(sighting.server, sighting.client.address, static_cast<Outcome>(sighting.kind), +1);
    }

    /// Takes back a verdict that was changed later.
    void revise(const tally::Revision& revision) {
        RegistryRow* row = find(grouping_.key_of(revision));
        if (row == nullptr || row->count(revision.from) == 0) return;  // its row has given way
        --row->at(revision.from).count;
        if (revision.to) row->at(*revision.to).add(1, revision.time, revision.time);
        if (grouping_.by_client()) return;
        meet(revision.server, revision.client.address, revision.from, -1);
        if (revision.to) meet(revision.server, revision.client.address, *revision.to, +1);
    }

    std::vector<RankedRow> ranked(std::size_t limit) {
        const auto wanted = [this](Outcome outcome) { return grouping_.wants(outcome); };
        count_clients();
        std::vector<RankedRow> rows;
        for (const auto& [key, row] : rows_) {
            RankedRow ranked = summarize(row, wanted);
            if (ranked.count == 0) continue;
            ranked.error = error_;
            if (const auto met = clients_.find(key); met != clients_.end()) ranked.clients = met->second;
            rows.push_back(ranked);
        }
        keep_heaviest(rows, limit);
        return rows;
    }

  private:
    struct Meeting {
        tally::Endpoint server;
        tally::IpAddress client;
        int change;
    };

    /// Null for whoever is not listed, nearly always at the price of a bit.
    RegistryRow* find(const tally::Endpoint& key) {
        if (!maybe_listed_.test(hash_of(key) % maybe_listed_.size())) return nullptr;
        const auto found = rows_.find(key);
        return found == rows_.end() ? nullptr : &found->second;
    }

    void add(const tally::Row& row) {
        if (row.key.kind == tally::accepted_kind) return;
        if (RegistryRow* sum = find(grouping_.key_of(row)))
            sum->at(static_cast<Outcome>(row.key.kind)).add(row.count, row.first, row.last);
    }

    void meet(const tally::Endpoint& server, const tally::IpAddress& client, Outcome outcome, int change) {
        if (!grouping_.wants(outcome)) return;
        const tally::Endpoint key = grouping_.key_of(server);
        if (find(key) != nullptr) meetings_.push_back({key, client, change});
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

    const Grouping& grouping_;
    std::bitset<1u << 16> maybe_listed_;  // by hash
    std::unordered_map<tally::Endpoint, RegistryRow, KeyHash> rows_;
    std::unordered_map<tally::Endpoint, std::uint64_t, KeyHash> clients_;
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
    if (query.by == TopQuery::By::service) {
        json.erase("address");
        json.erase("host");
    }
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
    const Grouping grouping(query);
    Aggregation aggregation(grouping, find_heaviest(snapshot, selection, grouping, query.rows));
    for (const auto& interval : selection.intervals) aggregation.add(*interval);
    std::uint64_t attempts = selection.attempts;
    for_each_revision(snapshot, selection, grouping.by_client(), [&](const tally::Revision& revision, bool assumed) {
        aggregation.revise(revision);
        attempts += assumed;
    });

    Json rows = Json::array();
    for (const RankedRow& row : aggregation.ranked(query.rows))
        rows.push_back(row_document(row, query, selection.seconds, snapshot.services));
    const auto range = query.range.value_or(std::pair(selection.first, selection.last + 1));
    Json json = {{"window_seconds", query.range ? range.second - range.first : selection.seconds},
                 {"outcome", query.outcome},
                 {"by", name(query.by)},
                 {"rows", std::move(rows)},
                 {"packets", {{"received", selection.packets}}},
                 {"attempts", attempts},
                 {"control_depth_seconds", selection.control_depth_seconds},
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
                 {"control_depth_seconds", stored.control_depth_seconds},
                 {"span", span_json(snapshot)}};
    add_range(json, query, "store", stored.seconds, query.range->first, query.range->second);
    return json;
}

}  // namespace rstwatch::control
