// SPDX-License-Identifier: Apache-2.0
#include "control/history/minute_rows.h"

#include <algorithm>
#include <map>

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

/// Visits 0 … count - 1; what the subject of each needs is fetched some steps ahead, as in Registry.
template <typename KeyAt, typename Visit>
void walk(const SubjectSums& sums, std::size_t count, KeyAt key_at, Visit visit) {
    constexpr std::size_t ahead = 8;
    for (std::size_t i = 0; i < count; ++i) {
        if (i + 2 * ahead < count) sums.prefetch_index(key_at(i + 2 * ahead));
        if (i + ahead < count) sums.prefetch_subject(key_at(i + ahead));
        visit(i);
    }
}

void append(const SubjectSums& sums, const SubjectSums::Subject& subject, std::vector<MinuteRow>& rows) {
    sums.for_each_kind(subject, [&](tally::RowKind kind, const SubjectSums::Sum& sum) {
        MinuteKey key = subject.key;
        key.kind = kind;
        if (sum.count != 0 || sum.clients != 0) rows.push_back({key, sum.count, sum.clients, sum.first, sum.last});
    });
}

/// Clients of several subjects may be the same: they are not added up.
void add_without_name(const SubjectSums& sums, const SubjectSums::Subject& subject, SubjectSums& others) {
    sums.for_each_kind(subject, [&](tally::RowKind kind, const SubjectSums::Sum& more) {
        SubjectSums::Sum& sum = others.at({subject.key.minute, subject.key.scope, kind, false, {}});
        sum.count += more.count;
        if (more.first != 0) sum.first = sum.first == 0 ? more.first : std::min(sum.first, more.first);
        sum.last = std::max(sum.last, more.last);
    });
}

}  // namespace

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
    network(stored_kind::control_depth, interval.at_control_depth ? 1 : 0);
    network(stored_kind::packets, interval.packets.received);
    network(stored_kind::attempts, interval.outcomes.attempts);
    network(tally::accepted_kind, interval.outcomes.accepted);
    for (const tally::Outcome outcome : tally::all_outcomes())
        network(tally::row_kind(outcome), interval.outcomes.first[tally::index(outcome)]);
    add_rows(interval, minute);
    for (const CountChange& change : changes) apply(change, minute);
}

void MinuteRows::add_rows(const MergedInterval& interval, std::uint64_t minute) {
    const auto service_at = [&](std::size_t i) {
        const tally::RowKey& key = interval.destinations[i].key;
        return service_of(minute, key.kind, {key.address, key.port});
    };
    walk(sums_, interval.destinations.size(), service_at, [&](std::size_t i) {
        const tally::Row& row = interval.destinations[i];
        count(service_at(i), row.count, row.first, row.last);
        count(host_of(minute, Scope::incoming, row.key.kind, row.key.address), row.count, row.first, row.last);
    });
    const auto client_at = [&](std::size_t i) {
        const tally::RowKey& key = interval.clients[i].key;
        return host_of(minute, Scope::outgoing, key.kind, key.address);
    };
    walk(sums_, interval.clients.size(), client_at, [&](std::size_t i) {
        count(client_at(i), interval.clients[i].count, interval.clients[i].first, interval.clients[i].last);
    });
    // Banks count what a client was accepted by for its servers only.
    const auto accepted_at = [&](std::size_t i) {
        return host_of(minute, Scope::outgoing, tally::accepted_kind, interval.contacts[i].client.address);
    };
    walk(sums_, interval.contacts.size(), accepted_at, [&](std::size_t i) {
        const tally::Sighting& contact = interval.contacts[i];
        if (contact.kind != tally::accepted_kind) return;
        count(accepted_at(i), 1, contact.time, contact.time);
        meet(minute, contact.server, contact.client.address, contact.kind);
    });
    const auto met_at = [&](std::size_t i) {
        return service_of(minute, interval.sightings[i].kind, interval.sightings[i].server);
    };
    walk(sums_, interval.sightings.size(), met_at, [&](std::size_t i) {
        const tally::Sighting& sighting = interval.sightings[i];
        meet(minute, sighting.server, sighting.client.address, sighting.kind);
    });
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
    SubjectSums::Sum& sum = sums_.at(key);
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
        SubjectSums::Sum* known = sums_.find(key);
        // A row that gave way in the cores' banks has no sum to belong to.
        if (is_new(key, client) && known != nullptr) ++known->clients;
    }
}

/// Once a minute. Two pairs share a digest with probability 2^-64.
bool MinuteRows::is_new(const MinuteKey& key, const tally::IpAddress& client) {
    constexpr std::uint64_t odd = 0xe7037ed1a0b428db;  // no further meaning
    const std::uint64_t digest = tally::mix(SubjectSums::hash_of(key) ^ key.kind * odd, AddressHash{}(client) ^ odd);
    if (pairs_.insert(digest)) return true;
    pairs_overflowed_ += pairs_.full() && !pairs_.contains(digest);
    return false;
}

bool MinuteRows::due(tally::Interval now) const {
    return !sums_.empty() && (now >= taken_ + write_every || sums_.subjects().size() > capacity_.rows * fullness);
}

std::vector<MinuteRow> MinuteRows::take(tally::Interval now) {
    taken_ = now;
    std::vector<MinuteRow> rows;
    for (const Scope scope : {Scope::network, Scope::service, Scope::incoming, Scope::outgoing})
        take_scope(scope, rows);
    sums_.clear();
    // In the order of the file's index: neighbours are written together, and the order is the same each time.
    std::ranges::sort(rows, {}, [](const MinuteRow& row) {
        return std::tuple(row.key.scope, row.key.minute, row.key.subject, row.key.named, row.key.kind);
    });
    return rows;
}

void MinuteRows::take_scope(Scope scope, std::vector<MinuteRow>& rows) {
    std::vector<Weighed> named;
    SubjectSums others;  // and the network
    for (const SubjectSums::Subject& subject : sums_.subjects()) {
        if (subject.key.scope != scope) continue;
        if (subject.key.named) named.push_back({sums_.weight(subject), subject.hash, &subject});
        if (!subject.key.named) add_without_name(sums_, subject, others);
    }
    if (named.size() > capacity_.rows) sum_up_lightest(scope, named, others);
    for (const Weighed& each : named) append(sums_, *each.subject, rows);
    for (const SubjectSums::Subject& other : others.subjects()) append(others, other, rows);
}

/// Beyond `rows` subjects the lightest lose their names. Sums stay what they are.
void MinuteRows::sum_up_lightest(Scope scope, std::vector<Weighed>& named, SubjectSums& others) {
    const auto cut = named.begin() + static_cast<std::ptrdiff_t>(capacity_.rows);
    std::nth_element(named.begin(), cut, named.end(), [](const Weighed& a, const Weighed& b) {
        if (a.weight != b.weight) return a.weight > b.weight;
        if (a.hash != b.hash) return a.hash < b.hash;  // mostly equal, so in an order that costs no look at the subject
        return std::tie(a.subject->key.minute, a.subject->key.subject) <
               std::tie(b.subject->key.minute, b.subject->key.subject);
    });
    overflowed_ += static_cast<std::uint64_t>(named.end() - cut);
    std::map<std::uint64_t, std::uint64_t> missed;  // by minute: the heaviest
    for (auto light = cut; light != named.end(); ++light) {
        std::uint64_t& most = missed[light->subject->key.minute];
        most = std::max(most, light->weight);
        add_without_name(sums_, *light->subject, others);
    }
    named.erase(cut, named.end());
    for (const auto& [minute, most] : missed)
        others.at({minute, scope, stored_kind::missed, false, {}}).count += static_cast<std::int64_t>(most);
}

}  // namespace rstwatch::control
