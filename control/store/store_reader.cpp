// SPDX-License-Identifier: Apache-2.0
#include "control/store/store_reader.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "control/store/address_blob.h"
#include "control/store/schema.h"

namespace rstwatch::control {
namespace {

/// Revisions may leave less than nothing where a row had lost its name in between.
std::uint64_t at_least_none(std::int64_t count) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(count, 0));
}

void add(HistoryPoint& point, tally::RowKind kind, std::int64_t count) {
    const std::uint64_t number = at_least_none(count);
    if (kind < tally::outcome_count) point.outcomes[kind] += number;
    if (kind == tally::accepted_kind) point.accepted += number;
    if (kind == stored_kind::attempts) point.attempts += number;
    if (kind == stored_kind::packets) point.packets += number;
    if (kind == stored_kind::seconds) point.seconds += std::min<std::uint64_t>(number, 60);
}

}  // namespace

bool StoreReader::open() {
    const std::uint64_t generation = store_.generation();
    if (database_.is_open() && generation == generation_ && database_.ok()) {
        database_.set_deadline(deadline_);
        return true;
    }
    generation_ = generation;
    if (!database_.open(store_.path(), Database::Mode::read_only)) return false;
    database_.wait_for_locks(100);
    // What does not fit into the cache is sorted in a file, not in memory.
    database_.execute("PRAGMA temp_store = FILE");
    database_.set_deadline(deadline_);
    return read_kinds();
}

bool StoreReader::read_kinds() {
    kinds_.clear();
    Query query(database_, "SELECT id, name FROM kind");
    while (query.step()) {
        const auto number = static_cast<std::size_t>(query.integer(0));
        if (number >= 4096) continue;
        if (number >= kinds_.size()) kinds_.resize(number + 1);
        for (tally::RowKind kind = 0; kind < stored_kind::count; ++kind)
            if (stored_name(kind) == query.text(1)) kinds_[number] = kind;
    }
    failing_ = failing_condition(database_);
    return database_.ok();
}

std::int64_t StoreReader::number_of(tally::RowKind kind) const {
    return std::ranges::find(kinds_, std::optional(kind)) - kinds_.begin();
}

StoreTrouble StoreReader::trouble() {
    const DatabaseError error = database_.error().value_or(DatabaseError{});
    database_.close();
    if (error.is_interrupted())
        return {true, "the store took more than " + std::to_string(deadline_ / 1000) +
                          " s for it; ask for a shorter stretch of time"};
    if (error.is_corrupt()) store_.suspect_damage();
    return {false, "the store " + store_.path() + " cannot be read: " + error.message};
}

StoreReader::Answer<std::optional<std::uint64_t>> StoreReader::oldest_minute() {
    if (!open()) return trouble();
    const std::int64_t minute = database_.integer("SELECT MIN(minute) FROM minute WHERE scope = 0");
    if (!database_.ok()) return trouble();
    return minute == 0 ? std::nullopt : std::optional(static_cast<std::uint64_t>(minute));
}

StoreReader::Answer<std::vector<MinutePoint>> StoreReader::points(const Subject& subject, std::uint64_t from,
                                                                  std::uint64_t until) {
    if (!open()) return trouble();
    // The network's seconds say which minutes there are: one look-up for each, whatever else was counted in it.
    Query query(database_,
                "SELECT n.minute, n.count, s.kind, s.count, d.count FROM minute n LEFT JOIN minute s"
                " ON s.scope = ?1 AND s.minute = n.minute AND s.address = ?2 AND s.port = ?3"
                " LEFT JOIN minute d ON d.scope = 0 AND d.minute = n.minute AND d.address = x'' AND d.port = 0"
                " AND d.kind = ?7"
                " WHERE n.scope = 0 AND n.minute >= ?4 AND n.minute < ?5 AND n.address = x'' AND n.port = 0"
                " AND n.kind = ?6 ORDER BY n.minute");
    const bool is_network = subject.scope == Scope::network;
    query.bind(1, static_cast<std::int64_t>(subject.scope))
        .bind(2, is_network ? std::span<const std::uint8_t>() : blob_of(subject.endpoint.address))
        .bind(3, std::int64_t{subject.endpoint.port})
        .bind(4, static_cast<std::int64_t>(from))
        .bind(5, static_cast<std::int64_t>(until))
        .bind(6, number_of(stored_kind::seconds))
        .bind(7, number_of(stored_kind::control_depth));
    std::vector<MinutePoint> points;
    while (query.step()) {
        const auto minute = static_cast<std::uint64_t>(query.integer(0));
        if (points.empty() || points.back().first != minute) {
            points.emplace_back(minute, HistoryPoint{});
            points.back().second.seconds = std::min<std::uint64_t>(at_least_none(query.integer(1)), 60);
            points.back().second.control_depth_seconds = std::min<std::uint64_t>(at_least_none(query.integer(4)), 60);
        }
        const auto number = static_cast<std::size_t>(query.integer(2));
        if (number < kinds_.size() && kinds_[number] && *kinds_[number] != stored_kind::seconds)
            add(points.back().second, *kinds_[number], query.integer(3));
    }
    if (!database_.ok()) return trouble();
    return points;
}

StoreReader::Answer<StoredTop> StoreReader::top(const TopRange& range) {
    if (!open()) return trouble();
    StoredTop top;
    add_network(range, top);
    top.rows = find_heaviest(range);
    add_outcomes(range, top.rows);
    if (!database_.ok()) return trouble();
    return top;
}

void StoreReader::add_network(const TopRange& range, StoredTop& top) {
    Query query(database_,
                "SELECT kind, SUM(count) FROM minute WHERE scope = 0 AND minute >= ? AND minute < ? GROUP BY kind");
    query.bind(1, static_cast<std::int64_t>(range.from)).bind(2, static_cast<std::int64_t>(range.until));
    while (query.step()) {
        const auto number = static_cast<std::size_t>(query.integer(0));
        const std::uint64_t count = at_least_none(query.integer(1));
        if (number >= kinds_.size() || !kinds_[number]) continue;
        if (*kinds_[number] == stored_kind::seconds) top.seconds = count;
        if (*kinds_[number] == stored_kind::control_depth) top.control_depth_seconds = count;
        if (*kinds_[number] == stored_kind::packets) top.packets = count;
        if (*kinds_[number] == stored_kind::attempts) top.attempts = count;
    }
}

/// Keys and counts alone: there may be millions of subjects, which SQLite sorts without holding all of them. Of
/// failures there is an index, which holds all that is asked for here.
std::vector<RankedRow> StoreReader::find_heaviest(const TopRange& range) {
    std::string wanted;
    for (std::size_t number = 0; number < kinds_.size(); ++number)
        if (kinds_[number] && *kinds_[number] < tally::outcome_count && range.wanted[*kinds_[number]])
            wanted += (wanted.empty() ? "" : ",") + std::to_string(number);
    bool only_failures = true;
    for (const tally::Outcome outcome : tally::all_outcomes())
        only_failures = only_failures && (!range.wanted[tally::index(outcome)] || tally::is_failed(outcome));
    const std::string address = range.by_port ? "x''" : "address";
    const std::string sql = "SELECT " + address +
                            " AS subject, port, SUM(count) AS sum FROM minute WHERE scope = ?1"
                            " AND minute >= ?2 AND minute < ?3 AND address <> x'' AND kind IN (" +
                            wanted + ")" + (only_failures ? " AND " + failing_ : "") +
                            " GROUP BY subject, port HAVING sum > 0 ORDER BY sum DESC, length(subject), subject, port"
                            " LIMIT ?4";
    Query query(database_, sql);
    query.bind(1, static_cast<std::int64_t>(range.scope))
        .bind(2, static_cast<std::int64_t>(range.from))
        .bind(3, static_cast<std::int64_t>(range.until))
        .bind(4, static_cast<std::int64_t>(range.rows));
    std::vector<RankedRow> rows;
    while (query.step()) {
        RankedRow& row = rows.emplace_back();
        row.key = {address_from(query.blob(0)).value_or(tally::IpAddress{}),
                   static_cast<std::uint16_t>(query.integer(1))};
        row.count = at_least_none(query.integer(2));
    }
    return rows;
}

namespace {

struct KeyHash {
    std::size_t operator()(const tally::Endpoint& key) const {
        return tally::hash_of(tally::RowKey{key.address, key.port, 0});
    }
};

/// Within a minute clients are told apart, from one minute to the next they may be the same or others: there are at
/// least as many as in the fullest minute, and at most as many as in all of them together.
struct ClientBounds {
    std::uint64_t minute = 0;
    std::uint64_t in_minute = 0, least = 0, most = 0;

    void add(std::uint64_t at, std::uint64_t clients) {
        if (at != minute) in_minute = 0;
        minute = at;
        // Of several outcomes in one minute they may be the same again.
        in_minute = std::max(in_minute, clients);
        least = std::max(least, in_minute);
        most += clients;
    }
};

/// Sums the rows of the minutes that concern some keys.
class KeySums {
  public:
    KeySums(const StoreReader::TopRange& range, std::vector<RankedRow>& rows)
        : range_(range), rows_(rows), clients_(rows.size()), sums_(rows.size()) {
        for (std::size_t i = 0; i < rows.size(); ++i) place_.emplace(rows[i].key, i);
    }

    /// Takes a row of `columns` that is of this kind; those of a key in ascending minutes.
    static constexpr const char* columns = "address, port, kind, count, clients, first, last, minute";
    void add(const Query& query, tally::RowKind kind) {
        if (kind == stored_kind::missed) missed_ += at_least_none(query.integer(3));
        if (kind >= tally::outcome_count || query.blob(0).empty()) return;
        const auto port = static_cast<std::uint16_t>(query.integer(1));
        const auto found = place_.find(
            {range_.by_port ? tally::IpAddress{} : address_from(query.blob(0)).value_or(tally::IpAddress{}), port});
        if (found == place_.end()) return;
        RankedRow& row = rows_[found->second];
        sums_[found->second][kind] += query.integer(3);
        if (!range_.wanted[kind] || query.integer(3) <= 0) return;
        const auto first = static_cast<tally::Time>(query.integer(5)),
                   last = static_cast<tally::Time>(query.integer(6));
        if (first != 0) row.first = row.first == 0 ? first : std::min(row.first, first);
        row.last = std::max(row.last, last);
        clients_[found->second].add(static_cast<std::uint64_t>(query.integer(7)),
                                    std::min(at_least_none(query.integer(4)), at_least_none(query.integer(3))));
    }

    void finish() {
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            RankedRow& row = rows_[i];
            for (std::size_t kind = 0; kind < tally::outcome_count; ++kind)
                row.outcomes[kind] = at_least_none(sums_[i][kind]);
            row.error = missed_;
            row.clients = clients_[i].least;
            row.clients_error = std::max(std::min(clients_[i].most, row.count), row.clients) - row.clients;
        }
    }

  private:
    const StoreReader::TopRange& range_;
    std::vector<RankedRow>& rows_;
    std::unordered_map<tally::Endpoint, std::size_t, KeyHash> place_;
    std::vector<ClientBounds> clients_;
    std::vector<std::array<std::int64_t, tally::outcome_count>> sums_;
    std::uint64_t missed_ = 0;
};

}  // namespace

/// Of a few keys each minute is looked up, of many all of the range is read.
void StoreReader::add_outcomes(const TopRange& range, std::vector<RankedRow>& rows) {
    constexpr std::uint64_t most_look_ups = 50'000;
    KeySums sums(range, rows);
    const std::string select = std::string("SELECT ") + KeySums::columns + " FROM minute WHERE scope = ?1";
    const auto take = [&](Query& query) {
        while (query.step()) {
            const auto number = static_cast<std::size_t>(query.integer(2));
            if (number < kinds_.size() && kinds_[number]) sums.add(query, *kinds_[number]);
        }
        query.reset();
    };
    const auto scope = static_cast<std::int64_t>(range.scope);
    if (range.by_port || (range.until - range.from) * (rows.size() + 1) > most_look_ups) {
        Query query(database_, select + " AND minute >= ?2 AND minute < ?3");
        take(query.bind(1, scope)
                 .bind(2, static_cast<std::int64_t>(range.from))
                 .bind(3, static_cast<std::int64_t>(range.until)));
        return sums.finish();
    }
    Query query(database_, select + " AND minute = ?2 AND address = ?3 AND port = ?4");
    for (std::uint64_t minute = range.from; minute < range.until; ++minute) {
        const auto look_up = [&](std::span<const std::uint8_t> address, std::uint16_t port) {
            take(query.bind(1, scope)
                     .bind(2, static_cast<std::int64_t>(minute))
                     .bind(3, address)
                     .bind(4, std::int64_t{port}));
        };
        look_up({}, 0);  // of what has no name
        for (const RankedRow& row : rows) look_up(blob_of(row.key.address), row.key.port);
    }
    sums.finish();
}

}  // namespace rstwatch::control
