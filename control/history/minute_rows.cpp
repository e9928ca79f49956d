// SPDX-License-Identifier: Apache-2.0
#include "control/history/minute_rows.h"

#include <algorithm>
#include <cstdlib>

#include "control/classify/attempt_map.h"

namespace rstwatch::control {
namespace {

constexpr std::uint64_t minute_seconds = 60;
/// What a crash may cost, against how often the same row is written.
constexpr tally::Interval write_every = 5;
/// Rows per subject of the heaviest load: then it is written sooner.
constexpr std::size_t fullness = 16;

MinuteKey service_of(std::uint64_t minute, tally::RowKind kind, const tally::Endpoint& server) {
    return {minute, Scope::service, kind, true, server};
}
MinuteKey host_of(std::uint64_t minute, Scope scope, tally::RowKind kind, const tally::IpAddress& host) {
    return {minute, scope, kind, true, {host, 0}};
}

MinuteKey without_kind(MinuteKey key) {
    key.kind = 0;
    return key;
}

}  // namespace

std::size_t MinuteRows::KeyHash::operator()(const MinuteKey& key) const {
    const std::uint64_t what = key.minute << 32 | std::uint64_t{key.subject.port} << 16 | std::uint64_t{key.kind} << 8 |
                               static_cast<std::uint64_t>(key.scope) << 1 | std::uint64_t{key.named};
    constexpr std::uint64_t odd = 0xa0761d6478bd642f;  // no further meaning
    return tally::mix(AddressHash{}(key.subject.address) ^ odd, what ^ ~odd);
}

void MinuteRows::add(const MergedInterval& interval, tally::Interval from, const std::vector<CountChange>& changes) {
    const std::uint64_t minute = interval.interval / minute_seconds;
    for (tally::Interval second = from; second <= interval.interval;) {
        const tally::Interval end = std::min(interval.interval + 1, (second / minute_seconds + 1) * minute_seconds);
        count(second / minute_seconds, Scope::network, stored_kind::seconds, static_cast<std::int64_t>(end - second));
        second = end;
    }
    const auto network = [&](tally::RowKind kind, std::uint64_t number) {
        if (number > 0) count(minute, Scope::network, kind, static_cast<std::int64_t>(number));
    };
    network(stored_kind::packets, interval.packets.received);
    network(stored_kind::attempts, interval.outcomes.attempts);
    network(tally::accepted_kind, interval.outcomes.accepted);
    for (const tally::Outcome outcome : tally::all_outcomes())
        network(tally::row_kind(outcome), interval.outcomes.first[tally::index(outcome)]);
    add_rows(interval, minute);
    for (const CountChange& change : changes) apply(change, minute);
}

void MinuteRows::add_rows(const MergedInterval& interval, std::uint64_t minute) {
    for (const tally::Row& row : interval.destinations) {
        const tally::Endpoint server{row.key.address, row.key.port};
        count(service_of(minute, row.key.kind, server), row.count, row.first, row.last);
        count(host_of(minute, Scope::incoming, row.key.kind, server.address), row.count, row.first, row.last);
    }
    for (const tally::Row& row : interval.clients)
        count(host_of(minute, Scope::outgoing, row.key.kind, row.key.address), row.count, row.first, row.last);
    // Banks count what a client was accepted by for its servers only.
    for (const tally::Sighting& contact : interval.contacts) {
        if (contact.kind != tally::accepted_kind) continue;
        count(host_of(minute, Scope::outgoing, contact.kind, contact.client.address), 1, contact.time, contact.time);
        meet(minute, contact.server, contact.client.address, contact.kind);
    }
    for (const tally::Sighting& sighting : interval.sightings)
        meet(minute, sighting.server, sighting.client.address, sighting.kind);
    const auto missed = [&](Scope scope, std::uint64_t number) {
        if (number > 0) count(minute, scope, stored_kind::missed, static_cast<std::int64_t>(number));
    };
    missed(Scope::service, interval.destinations_missed);
    missed(Scope::incoming, interval.destinations_missed);
    missed(Scope::outgoing, interval.clients_missed);
}

void MinuteRows::apply(const CountChange& change, std::uint64_t now) {
    const tally::Revision& revision = change.revision;
    const std::uint64_t minute = revision.given_in / minute_seconds;
    const auto move = [&](tally::RowKind kind, std::int64_t number, tally::Time time) {
        count(host_of(minute, Scope::outgoing, kind, revision.client.address), number, time, time);
        if (change.of_client_only) return;
        count(minute, Scope::network, kind, number);
        count(service_of(minute, kind, revision.server), number, time, time);
        count(host_of(minute, Scope::incoming, kind, revision.server.address), number, time, time);
    };
    move(tally::row_kind(revision.from), -1, 0);
    if (revision.to) {
        move(tally::row_kind(*revision.to), +1, revision.time);
        if (minute == now && !change.of_client_only)
            meet(minute, revision.server, revision.client.address, tally::row_kind(*revision.to));
    }
    if (change.attempts != 0) count(minute, Scope::network, stored_kind::attempts, change.attempts);
}

void MinuteRows::count(std::uint64_t minute, Scope scope, tally::RowKind kind, std::int64_t number) {
    count(MinuteKey{minute, scope, kind, false, {}}, number, 0, 0);
}

void MinuteRows::count(const MinuteKey& key, std::int64_t number, tally::Time first, tally::Time last) {
    Sum& sum = sums_[key];
    sum.count += number;
    if (first != 0) sum.first = sum.first == 0 ? first : std::min(sum.first, first);
    sum.last = std::max(sum.last, last);
}

void MinuteRows::meet(std::uint64_t minute, const tally::Endpoint& server, const tally::IpAddress& client,
                      tally::RowKind kind) {
    if (minute != pairs_minute_) {
        pairs_.clear();
        pairs_minute_ = minute;
    }
    for (const MinuteKey& key :
         {service_of(minute, kind, server), host_of(minute, Scope::incoming, kind, server.address)}) {
        const auto known = sums_.find(key);
        // A row that gave way in the cores' banks has no sum to belong to.
        if (is_new(key, client) && known != sums_.end()) ++known->second.clients;
    }
}

/// Once a minute. Two pairs share a digest with probability 2^-64.
bool MinuteRows::is_new(const MinuteKey& key, const tally::IpAddress& client) {
    constexpr std::uint64_t odd = 0xe7037ed1a0b428db;  // no further meaning
    const std::uint64_t digest = tally::mix(KeyHash{}(key), AddressHash{}(client) ^ odd);
    if (pairs_.size() < capacity_.pairs) return pairs_.insert(digest).second;
    if (pairs_.contains(digest)) return false;
    ++pairs_overflowed_;
    return false;
}

bool MinuteRows::due(tally::Interval now) const {
    return !sums_.empty() && (now >= taken_ + write_every || sums_.size() > capacity_.rows * fullness);
}

std::vector<MinuteRow> MinuteRows::take(tally::Interval now) {
    taken_ = now;
    for (const Scope scope : {Scope::service, Scope::incoming, Scope::outgoing}) sum_up_lightest(scope);
    std::vector<MinuteRow> rows;
    rows.reserve(sums_.size());
    for (const auto& [key, sum] : sums_)
        if (sum.count != 0 || sum.clients != 0) rows.push_back({key, sum.count, sum.clients, sum.first, sum.last});
    sums_.clear();
    // In the order of the file's index: neighbours are written together, and the order is the same each time.
    std::ranges::sort(rows, {}, [](const MinuteRow& row) {
        return std::tuple(row.key.scope, row.key.minute, row.key.subject, row.key.named, row.key.kind);
    });
    return rows;
}

/// Beyond `rows` subjects the lightest lose their names. Sums stay what they are.
void MinuteRows::sum_up_lightest(Scope scope) {
    using Subject = std::pair<MinuteKey, std::uint64_t>;  // without a kind, and its weight
    std::unordered_map<MinuteKey, std::uint64_t, KeyHash> weights;
    for (const auto& [key, sum] : sums_)
        if (key.scope == scope && key.named)
            weights[without_kind(key)] += static_cast<std::uint64_t>(std::abs(sum.count));
    if (weights.size() <= capacity_.rows) return;
    std::vector<Subject> subjects(weights.begin(), weights.end());
    const auto heavier = [](const Subject& a, const Subject& b) {
        if (a.second != b.second) return a.second > b.second;
        return std::tie(a.first.minute, a.first.subject) < std::tie(b.first.minute, b.first.subject);
    };
    const auto cut = subjects.begin() + static_cast<std::ptrdiff_t>(capacity_.rows);
    std::nth_element(subjects.begin(), cut, subjects.end(), heavier);
    overflowed_ += static_cast<std::uint64_t>(subjects.end() - cut);

    std::vector<std::pair<MinuteKey, Sum>> others;
    std::unordered_map<std::uint64_t, std::uint64_t> missed;  // by minute: the heaviest
    std::for_each(cut, subjects.end(), [&](const Subject& subject) {
        std::uint64_t& most = missed[subject.first.minute];
        most = std::max(most, subject.second);
    });
    std::erase_if(sums_, [&](const auto& each) {
        const auto& [key, sum] = each;
        if (key.scope != scope || !key.named) return false;
        const MinuteKey subject = without_kind(key);
        if (heavier({subject, weights.at(subject)}, *cut)) return false;
        others.emplace_back(MinuteKey{key.minute, scope, key.kind, false, {}}, sum);
        return true;
    });
    for (const auto& [key, sum] : others) count(key, sum.count, sum.first, sum.last);
    for (const auto& [minute, most] : missed)
        count(minute, scope, stored_kind::missed, static_cast<std::int64_t>(most));
}

}  // namespace rstwatch::control
