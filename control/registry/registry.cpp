// SPDX-License-Identifier: Apache-2.0
#include "control/registry/registry.h"

#include <algorithm>
#include <limits>

#include "control/registry/walk_ahead.h"

namespace rstwatch::control {
namespace {

std::size_t place_in(const Registry::Table& table, const RegistryRow& row) {
    return static_cast<std::size_t>(&row - table.rows().data());
}

RegistryRow& count(Registry::Table& table, const tally::Row& row, tally::Interval interval) {
    const tally::Endpoint key{row.key.address, row.key.port};
    RegistryRow& entry = table.at(key, hash_of(key));
    if (row.key.kind == tally::accepted_kind)
        entry.accept(interval, row.count, row.first, row.last);
    else
        entry.at(static_cast<tally::Outcome>(row.key.kind)).add(row.count, row.first, row.last);
    return entry;
}

}  // namespace

void Occurrences::add(std::uint64_t more, tally::Time from, tally::Time until) {
    first = said ? std::min(first, from) : from;
    last = said ? std::max(last, until) : until;
    said = true;
    count += more;
}

Occurrences& RegistryRow::at(tally::Outcome outcome) {
    const auto found = std::ranges::find(outcomes, outcome, &OutcomeCount::outcome);
    if (found != outcomes.end()) return found->seen;
    return outcomes.emplace_back(OutcomeCount{outcome, {}}).seen;
}

void RegistryRow::accept(tally::Interval interval, std::uint64_t count, tally::Time first, tally::Time last) {
    accepted.add(count, first, last);
    if (!acceptance) acceptance = std::make_unique<Acceptance>();
    acceptance->recent.add(interval, static_cast<std::int64_t>(count));
}

std::uint64_t RegistryRow::count(tally::Outcome outcome) const {
    const auto found = std::ranges::find(outcomes, outcome, &OutcomeCount::outcome);
    return found == outcomes.end() ? 0 : found->seen.count;
}

std::uint64_t RegistryRow::weight() const {
    std::uint64_t sum = 0;
    for (const OutcomeCount& each : outcomes) sum += each.seen.count;
    return sum;
}

tally::Time RegistryRow::first_seen() const {
    tally::Time first = accepted.said ? accepted.first : std::numeric_limits<tally::Time>::max();
    for (const OutcomeCount& each : outcomes)
        if (each.seen.said) first = std::min(first, each.seen.first);
    return first;
}

Registry::Registry(const config::Settings::Registry& settings)
    : sketches_{static_cast<std::uint64_t>(settings.sketches), 0},
      destinations_(static_cast<std::size_t>(settings.destinations)),
      clients_(static_cast<std::size_t>(settings.clients)),
      failing_destinations_(destinations_.capacity()),
      failing_clients_(clients_.capacity()),
      unheard_(destinations_.capacity()),
      changed_(destinations_.capacity()) {}

void Registry::add_rows(const MergedInterval& interval, const std::function<void()>& pause) {
    const tally::Interval now = interval.interval;
    add_rows(destinations_, interval.destinations, pause, [&](const tally::Row& row) { add_destination(row, now); });
    add_rows(clients_, interval.clients, pause, [&](const tally::Row& row) { add_client(row, now); });
    destinations_other_ += interval.destinations_other;
    clients_other_ += interval.clients_other;
    destinations_overflowed_ += interval.destinations_overflowed;
    clients_overflowed_ += interval.clients_overflowed;
    destinations_missed_ += interval.destinations_missed;
    clients_missed_ += interval.clients_missed;
}

void Registry::add_changes(const MergedInterval& interval) {
    for (const tally::Revision& revision : interval.client_revisions) revise_client(revision);
    const auto rows_of = [this](const auto& entry, auto fetch) {
        fetch(destinations_, entry.server);
        fetch(clients_, tally::Endpoint{entry.client.address, 0});
    };
    walk_ahead(interval.revisions, rows_of, [&](const tally::Revision& revision) { revise(revision); });
    walk_ahead(interval.contacts, rows_of, [&](const tally::Sighting& contact) {
        if (contact.kind == tally::accepted_kind) add_handshake(contact, interval.interval);
    });
    walk_ahead(
        interval.records,
        [this](const tally::AttemptRecord& record, auto fetch) {
            if (tally::is_failed(record.outcome) || record.server_bytes > 0) fetch(destinations_, record.server);
            if (record.server_bytes > 0) fetch(clients_, tally::Endpoint{record.client.address, 0});
        },
        [this](const tally::AttemptRecord& record) -> RegistryRow* {
            if (!tally::is_failed(record.outcome) && record.server_bytes == 0) return nullptr;
            RegistryRow* row = destinations_.find(record.server, hash_of(record.server));
            if (row == nullptr || !tally::is_failed(record.outcome)) return row;
            row->failed_clients.prefetch(record.client.address);
            if (tally::is_refusal(record.outcome)) row->refused_clients.prefetch(record.client.address);
            return row;
        },
        [&](const tally::AttemptRecord& record, RegistryRow* destination) { add_record(record, destination); });
}

template <typename Add>
void Registry::add_rows(Table& table, const std::vector<tally::Row>& rows, const std::function<void()>& pause,
                        Add add) {
    constexpr std::size_t stretch = 8192;  // a millisecond
    std::size_t added = 0;
    const auto row_of = [&](const tally::Row& row, auto fetch) {
        fetch(table, tally::Endpoint{row.key.address, row.key.port});
    };
    walk_ahead(rows, row_of, [&](const tally::Row& row) {
        add(row);
        if (pause && ++added % stretch == 0) pause();
    });
}

void Registry::add_destination(const tally::Row& row, tally::Interval interval) {
    RegistryRow& entry = count(destinations_, row, interval);
    const std::size_t place = place_of(entry);
    entry.heard = entry.heard || row.key.hops != tally::unknown_hops;
    if (row.key.kind == tally::accepted_kind && !entry.heard) unheard_.set(place);
    if (tally::counts_failures(row)) failing_destinations_.set(place);
    changed_.set(place);
}

void Registry::add_client(const tally::Row& row, tally::Interval interval) {
    const RegistryRow& entry = count(clients_, row, interval);
    if (tally::counts_failures(row)) failing_clients_.set(place_in(clients_, entry));
}

/// Moves verdicts between outcomes of a row. False if the row has given way: then they are among `other` already.
bool Registry::move(Table& table, RowMarks& failing, const tally::Endpoint& key, tally::Outcome from,
                    std::optional<tally::Outcome> to, std::uint64_t count, tally::Time time) {
    RegistryRow* row = table.find(key, hash_of(key));
    if (row == nullptr) return false;
    const auto counted = std::ranges::find(row->outcomes, from, &OutcomeCount::outcome);
    if (counted == row->outcomes.end() || counted->seen.count < count) return false;
    counted->seen.count -= count;
    if (!to) return true;
    row->at(*to).add(count, time, time);
    if (tally::is_failed(*to)) failing.set(place_in(table, *row));
    return true;
}

void Registry::revise(const tally::Revision& revision) {
    // A withdrawn verdict leaves the sums; where the row has given way, it leaves `other`.
    if (!move(destinations_, failing_destinations_, revision.server, revision.from, revision.to, 1, revision.time) &&
        !revision.to)
        --destinations_other_;
    revise_client(revision);
}

void Registry::revise_client(const tally::Revision& revision) {
    if (!move(clients_, failing_clients_, {revision.client.address, 0}, revision.from, revision.to, 1, revision.time) &&
        !revision.to)
        --clients_other_;
}

void Registry::reclassify(const tally::Endpoint& server, const tally::IpAddress& client, tally::Outcome from,
                          tally::Outcome to, std::uint64_t count, tally::Time time) {
    (void)move(destinations_, failing_destinations_, server, from, to, count, time);
    (void)move(clients_, failing_clients_, {client, 0}, from, to, count, time);
}

/// Rows of the cores count what destinations accept, not for whom.
void Registry::add_handshake(const tally::Sighting& contact, tally::Interval interval) {
    const tally::Endpoint client{contact.client.address, 0};
    RegistryRow& of_client = clients_.at(client, hash_of(client));
    of_client.accept(interval, 1, contact.time, contact.time);
    if (contact.hops == tally::unknown_hops) return;  // with the server unseen its time is a guess
    const tally::Time took = contact.time - std::min(contact.began, contact.time);
    of_client.acceptance->handshakes.add(took);
    const RegistryRow* row = destinations_.find(contact.server, hash_of(contact.server));
    if (row != nullptr && row->acceptance) row->acceptance->handshakes.add(took);
}

void Registry::add_record(const tally::AttemptRecord& record, RegistryRow* destination) {
    if (record.server_bytes > 0) {
        const tally::Endpoint client{record.client.address, 0};
        RegistryRow* row = clients_.find(client, hash_of(client));
        if (row != nullptr) row->last_response = std::max(row->last_response, record.end);
    }
    if (destination == nullptr) return;
    if (record.server_bytes > 0) {
        destination->last_response = std::max(destination->last_response, record.end);
        changed_.set(place_of(*destination));
    }
    if (!tally::is_failed(record.outcome)) return;
    destination->failed_clients.add(record.client.address, sketches_);
    if (tally::is_refusal(record.outcome)) destination->refused_clients.add(record.client.address, sketches_);
}

std::uint64_t Registry::successes_of(const tally::IpAddress& client) const {
    const tally::Endpoint key{client, 0};
    const RegistryRow* row = clients_.find(key, hash_of(key));
    if (row == nullptr) return 0;
    std::uint64_t sum = 0;
    for (const OutcomeCount& each : row->outcomes)
        if (tally::verdict(each.outcome) == tally::Verdict::normal) sum += each.seen.count;
    return sum;
}

UnheardDestinations Registry::unheard() const {
    UnheardDestinations unheard;
    const std::vector<RegistryRow>& rows = destinations_.rows();
    for (std::size_t i = unheard_.next(0); i < rows.size(); i = unheard_.next(i + 1)) {
        const RegistryRow& row = rows[i];
        if (row.accepted.count == 0 || row.heard) continue;
        if (unheard.count++ == 0 || row.key < unheard.example) unheard.example = row.key;
    }
    return unheard;
}

tally::Time Registry::last_accepted(const tally::Endpoint& server) const {
    const RegistryRow* row = destinations_.find(server, hash_of(server));
    return row == nullptr || !row->heard ? 0 : row->accepted.last;
}

void Registry::resume(const tally::Endpoint& server, std::uint64_t accepted, tally::Time first, tally::Time last,
                      bool heard, tally::Time last_response) {
    RegistryRow& row = destinations_.at(server, hash_of(server));
    if (accepted > 0) row.accepted.add(accepted, first, last);
    row.heard = heard;
    row.last_response = last_response;
}

const RegistryRow* Registry::destination(const tally::Endpoint& server) const {
    return destinations_.find(server, hash_of(server));
}

const RegistryRow* Registry::client(const tally::IpAddress& client) const {
    return clients_.find({client, 0}, tally::hash_of(client));
}

bool Registry::has_accepted(const tally::Endpoint& server) const {
    const RegistryRow* row = destination(server);
    return row != nullptr && row->accepted.count > 0;
}

}  // namespace rstwatch::control
