// SPDX-License-Identifier: Apache-2.0
#include "control/registry/registry.h"

#include <algorithm>
#include <limits>

namespace rstwatch::control {
namespace {

/// Moves verdicts between outcomes of a row. False if the row has given way: then they are among `other` already.
bool move(Registry::Table& table, const tally::Endpoint& key, tally::Outcome from, std::optional<tally::Outcome> to,
          std::uint64_t count, tally::Time time) {
    RegistryRow* row = table.find(key, hash_of(key));
    if (row == nullptr || row->count(from) < count) return false;
    row->at(from).count -= count;
    if (to) row->at(*to).add(count, time, time);
    return true;
}

/// True if a destination has accepted that was not seen yet.
bool add_row(Registry::Table& table, const tally::Row& row) {
    const tally::Endpoint key{row.key.address, row.key.port};
    RegistryRow& entry = table.at(key, hash_of(key));
    Occurrences& seen =
        row.key.kind == tally::accepted_kind ? entry.accepted : entry.at(static_cast<tally::Outcome>(row.key.kind));
    seen.add(row.count, row.first, row.last);
    entry.heard = entry.heard || row.key.hops != tally::unknown_hops;
    return row.key.kind == tally::accepted_kind && !entry.heard;
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
      clients_(static_cast<std::size_t>(settings.clients)) {}

void Registry::add_rows(const MergedInterval& interval) {
    add_rows(destinations_, interval.destinations);
    add_rows(clients_, interval.clients);
    destinations_other_ += interval.destinations_other;
    clients_other_ += interval.clients_other;
    destinations_overflowed_ += interval.destinations_overflowed;
    clients_overflowed_ += interval.clients_overflowed;
    destinations_missed_ += interval.destinations_missed;
    clients_missed_ += interval.clients_missed;
}

void Registry::add_changes(const MergedInterval& interval) {
    for (const tally::Revision& revision : interval.client_revisions) revise_client(revision);
    for (const tally::Revision& revision : interval.revisions) revise(revision);
    for (const tally::Sighting& contact : interval.contacts)
        if (contact.kind == tally::accepted_kind) add_handshake(contact);
    for (const tally::AttemptRecord& record : interval.records) add_record(record);
}

/// A large registry lies in memory, not in the cache: look-ups are prepared some rows ahead.
void Registry::add_rows(Table& table, const std::vector<tally::Row>& rows) {
    constexpr std::size_t ahead = 8;
    const auto hash_at = [&](std::size_t i) {
        return tally::hash_of(tally::Endpoint{rows[i].key.address, rows[i].key.port});
    };
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (i + 2 * ahead < rows.size()) table.prefetch_index(hash_at(i + 2 * ahead));
        if (i + ahead < rows.size()) table.prefetch_row(hash_at(i + ahead));
        any_unheard_ |= add_row(table, rows[i]);
    }
}

void Registry::revise(const tally::Revision& revision) {
    // A withdrawn verdict leaves the sums; where the row has given way, it leaves `other`.
    if (!move(destinations_, revision.server, revision.from, revision.to, 1, revision.time) && !revision.to)
        --destinations_other_;
    revise_client(revision);
}

void Registry::revise_client(const tally::Revision& revision) {
    if (!move(clients_, {revision.client.address, 0}, revision.from, revision.to, 1, revision.time) && !revision.to)
        --clients_other_;
}

void Registry::reclassify(const tally::Endpoint& server, const tally::IpAddress& client, tally::Outcome from,
                          tally::Outcome to, std::uint64_t count, tally::Time time) {
    (void)move(destinations_, server, from, to, count, time);
    (void)move(clients_, {client, 0}, from, to, count, time);
}

void Registry::add_handshake(const tally::Sighting& contact) {
    RegistryRow* row = destinations_.find(contact.server, hash_of(contact.server));
    if (row == nullptr || contact.hops == tally::unknown_hops) return;  // with the server unseen its time is a guess
    if (!row->handshakes) row->handshakes = std::make_unique<HandshakeTimes>();
    row->handshakes->add(contact.time - std::min(contact.began, contact.time));
}

void Registry::add_record(const tally::AttemptRecord& record) {
    if (!tally::is_failed(record.outcome) && record.server_bytes == 0) return;
    RegistryRow* row = destinations_.find(record.server, hash_of(record.server));
    if (row == nullptr) return;
    if (record.server_bytes > 0) row->last_response = std::max(row->last_response, record.end);
    if (!tally::is_failed(record.outcome)) return;
    row->failed_clients.add(record.client.address, sketches_);
    if (tally::is_refusal(record.outcome)) row->refused_clients.add(record.client.address, sketches_);
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
    if (!any_unheard_) return unheard;
    for (const RegistryRow& row : destinations_.rows()) {
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
