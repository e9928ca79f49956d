// SPDX-License-Identifier: Apache-2.0
#include "control/registry/failure_book.h"

#include <algorithm>
#include <boost/range/iterator_range.hpp>

#include "control/classify/scanners.h"
#include "control/registry/walk_ahead.h"

namespace rstwatch::control {
namespace {

constexpr std::size_t minute = 1;  // of rate_spans

Failure& at(FailureBook::Table& table, const tally::Endpoint& key) {
    return table.at(key, hash_of(key));
}

Failure* find(FailureBook::Table& table, const tally::Endpoint& key) {
    return table.find(key, hash_of(key));
}

/// Of what a later meet() needs beside the row.
void prefetch_peers(const Failure* known) {
    if (known == nullptr) return;
    const auto* bytes = reinterpret_cast<const char*>(known->peers.data());
    for (std::size_t line = 0; line < known->peers.size() * sizeof(FailurePeer); line += 64)
        __builtin_prefetch(bytes + line, 1);
}

/// When something went wrong. What had been established may have been well for days before: its first SYN says nothing.
tally::Time failed_at(const tally::Sighting& sighting) {
    switch (static_cast<tally::Outcome>(sighting.kind)) {
        case tally::Outcome::idle_reset:
        case tally::Outcome::peer_lost_state:
        case tally::Outcome::keepalive_timeout:
        case tally::Outcome::blackholed:
        case tally::Outcome::zero_window_stall:
        case tally::Outcome::reset_mid_stream_by_server:
        case tally::Outcome::reset_by_device:
            return sighting.time;
        default:
            return sighting.began;
    }
}

}  // namespace

FailureBook::FailureBook(const config::Settings::Registry& settings)
    : sketches_{static_cast<std::uint64_t>(settings.sketches), 0},
      services_(static_cast<std::size_t>(settings.failures)),
      suspects_(static_cast<std::size_t>(settings.failures)),
      service_failed_in_(services_.capacity()),
      suspect_failed_in_(suspects_.capacity()),
      hosts_(static_cast<std::size_t>(settings.failures)),
      clients_(static_cast<std::size_t>(settings.failures)) {
    set(settings);
}

void FailureBook::set(const config::Settings::Registry& settings) {
    quiet_ = static_cast<tally::Time>(settings.recovered * tally::second);
}

void FailureBook::follow(const MergedInterval& interval, const Scanners& scanners) {
    neighbours_.reset();
    interval_ = interval.interval;
    if (!first_interval_) first_interval_ = interval_;
    now_ = tally::interval_start(interval_ + 1);
    take_rows(interval, scanners);
    take_sightings(interval.sightings, scanners);
    take_contacts(interval.contacts);
    walk_ahead(
        interval.revisions,
        [this](const tally::Revision& revision, auto fetch) {
            fetch_failing(revision, revision.from, fetch);
            if (revision.to && tally::is_failed(*revision.to)) fetch_concerned(revision, fetch);
        },
        [&](const tally::Revision& each) { take_revision(each, scanners); });
    // From the last one on, because only the last example of each is kept.
    walk_ahead(
        boost::make_iterator_range(interval.records.rbegin(), interval.records.rend()),
        [this](const tally::AttemptRecord& record, auto fetch) { fetch_failing(record, record.outcome, fetch); },
        [&](const tally::AttemptRecord& each) { take_record(each, scanners); });
}

template <typename Entry, typename Fetch>
void FailureBook::fetch_concerned(const Entry& entry, Fetch fetch) const {
    fetch(services_, entry.server);
    fetch(hosts_, tally::Endpoint{entry.server.address, 0});
    fetch(clients_, tally::Endpoint{entry.client.address, 0});
}

template <typename Entry, typename Fetch>
void FailureBook::fetch_failing(const Entry& entry, tally::Outcome outcome, Fetch fetch) const {
    if (tally::is_failed_in_mass(outcome)) return fetch(suspects_, entry.server);
    if (tally::is_failed(outcome)) fetch_concerned(entry, fetch);
}

FailureBook::Concerned FailureBook::find_concerned(const tally::Endpoint& server, const tally::IpAddress& client) {
    return {find(services_, server), find(hosts_, {server.address, 0}), find(clients_, {client, 0})};
}

/// With what is to be added to their `distinct` on its way into the cache.
FailureBook::Concerned FailureBook::find_concerned(const tally::Sighting& sighting,
                                                   DistinctClients Failure::*distinct) {
    const Concerned concerned = find_concerned(sighting.server, sighting.client.address);
    if (concerned.service != nullptr) (concerned.service->*distinct).prefetch(sighting.client.address);
    if (concerned.host != nullptr) (concerned.host->*distinct).prefetch(sighting.client.address);
    if (concerned.client != nullptr) (concerned.client->*distinct).prefetch(sighting.server.address);
    return concerned;
}

/// Successes first: whether a failure goes on or begins anew depends on what succeeded before it.
void FailureBook::take_rows(const MergedInterval& interval, const Scanners& scanners) {
    const auto of_success = [this](const tally::Row& row, auto fetch) {
        if (row.key.kind != tally::accepted_kind) return;
        fetch(suspects_, tally::Endpoint{row.key.address, row.key.port});
        fetch(services_, tally::Endpoint{row.key.address, row.key.port});
        fetch(hosts_, tally::Endpoint{row.key.address, 0});
    };
    walk_ahead(interval.destinations, of_success, [&](const tally::Row& row) {
        if (row.key.kind == tally::accepted_kind) take_success(row);
    });
    const auto of_failure = [this](const tally::Row& row, auto fetch) {
        if (row.key.kind == tally::accepted_kind) return;
        const auto outcome = static_cast<tally::Outcome>(row.key.kind);
        const tally::Endpoint service{row.key.address, row.key.port};
        if (tally::is_failed_in_mass(outcome)) fetch(suspects_, service);
        if (!tally::is_failed(outcome)) return;
        fetch(services_, service);
        fetch(hosts_, tally::Endpoint{row.key.address, 0});
    };
    walk_ahead(interval.destinations, of_failure, [&](const tally::Row& row) {
        if (row.key.kind != tally::accepted_kind) take_row(row);
    });
    const auto of_client = [this](const tally::Row& row, auto fetch) {
        if (tally::counts_failures(row)) fetch(clients_, tally::Endpoint{row.key.address, 0});
    };
    walk_ahead(interval.clients, of_client, [&](const tally::Row& row) {
        const auto outcome = static_cast<tally::Outcome>(row.key.kind);
        if (!tally::counts_failures(row)) return;
        Failure& client = at(clients_, {row.key.address, 0});
        client.fail(interval_, outcome, row.count, row.first, row.last, quiet_);
        client.scans = scanners.is_scanner(row.key.address);
    });
}

void FailureBook::take_success(const tally::Row& row) {
    const tally::Endpoint service{row.key.address, row.key.port}, host{row.key.address, 0};
    if (Failure* known = find(services_, service)) known->succeed(interval_, row.count, row.first, row.last);
    if (Failure* known = find(suspects_, service)) known->succeed(interval_, row.count, row.first, row.last);
    if (Failure* known = find(hosts_, host)) known->succeed(interval_, row.count, row.first, row.last);
}

void FailureBook::fail(Table& table, LastFailures& failed_in, const tally::Endpoint& service, tally::Outcome outcome,
                       std::uint64_t count, tally::Time first, tally::Time last) {
    Failure& failure = at(table, service);
    failure.fail(interval_, outcome, count, first, last, quiet_);
    failed_in[static_cast<std::size_t>(&failure - table.rows().data())] = interval_;
}

void FailureBook::take_row(const tally::Row& row) {
    const tally::Endpoint service{row.key.address, row.key.port}, host{row.key.address, 0};
    const auto outcome = static_cast<tally::Outcome>(row.key.kind);
    if (tally::is_failed_in_mass(outcome))
        fail(suspects_, suspect_failed_in_, service, outcome, row.count, row.first, row.last);
    if (!tally::is_failed(outcome)) return;
    fail(services_, service_failed_in_, service, outcome, row.count, row.first, row.last);
    at(hosts_, host).fail(interval_, outcome, row.count, row.first, row.last, quiet_);
}

void FailureBook::take_sightings(const std::vector<tally::Sighting>& sightings, const Scanners& scanners) {
    walk_ahead(
        sightings,
        [this](const tally::Sighting& sighting, auto fetch) {
            fetch_failing(sighting, static_cast<tally::Outcome>(sighting.kind), fetch);
        },
        [this](const tally::Sighting& sighting) {
            if (!tally::is_failed(static_cast<tally::Outcome>(sighting.kind))) return Concerned{};
            const Concerned concerned = find_concerned(sighting, &Failure::clients);
            for (const Failure* known : {concerned.service, concerned.host, concerned.client}) prefetch_peers(known);
            return concerned;
        },
        [&](const tally::Sighting& each, const Concerned& concerned) { take_sighting(each, concerned, scanners); });
}

void FailureBook::take_sighting(const tally::Sighting& sighting, const Concerned& concerned, const Scanners& scanners) {
    const auto outcome = static_cast<tally::Outcome>(sighting.kind);
    const bool by_scanner = scanners.is_scanner(sighting.client.address);
    if (tally::is_failed_in_mass(outcome)) {
        Failure* known = find(suspects_, sighting.server);
        if (known == nullptr) return;
        const tally::IpAddress& client = sighting.client.address;
        if (by_scanner) known->withdraw(interval_, outcome);
        if (!by_scanner) known->meet({client, 0}, client, failed_at(sighting), interval_, sketches_);
        return;
    }
    if (!tally::is_failed(outcome)) return;
    if (!by_scanner) {
        meet(concerned, sighting.server, sighting.client.address, failed_at(sighting));
        note_evidence(concerned, sighting);
        // Rows of clients do not say from how far away a refusal came.
        if (outcome == tally::Outcome::refused_by_device && concerned.client != nullptr)
            concerned.client->reclassify(tally::Outcome::refused, outcome);
        return;
    }
    // Its row counts the scanner's attempt, too.
    if (concerned.service != nullptr) concerned.service->withdraw(interval_, outcome);
    if (concerned.host != nullptr) concerned.host->withdraw(interval_, outcome);
}

void FailureBook::note_evidence(const Concerned& concerned, const tally::Sighting& sighting) {
    const bool rejected = sighting.kind == tally::row_kind(tally::Outcome::icmp_rejected);
    const bool answered =
        sighting.kind == tally::row_kind(tally::Outcome::listen_overflow) && sighting.hops != tally::unknown_hops;
    if (!rejected && !answered) return;
    for (Failure* known : {concerned.service, concerned.host, concerned.client}) {
        if (known == nullptr) continue;
        if (rejected) known->icmp = {sighting.icmp_from, sighting.icmp_type, sighting.icmp_code, true};
        known->answers |= answered;
    }
}

void FailureBook::meet(const Concerned& concerned, const tally::Endpoint& server, const tally::IpAddress& client,
                       tally::Time began) {
    const tally::Endpoint peer{client, 0};
    if (concerned.service != nullptr) concerned.service->meet(peer, client, began, interval_, sketches_);
    if (concerned.host != nullptr) concerned.host->meet(peer, client, began, interval_, sketches_);
    if (concerned.client != nullptr) concerned.client->meet(server, server.address, began, interval_, sketches_);
}

void FailureBook::take_contacts(const std::vector<tally::Sighting>& contacts) {
    walk_ahead(
        contacts,
        [this](const tally::Sighting& contact, auto fetch) {
            if (contact.kind != tally::accepted_kind) return;
            fetch(suspects_, contact.server);
            fetch_concerned(contact, fetch);
        },
        [this](const tally::Sighting& contact) {
            const bool succeeds = contact.kind == tally::accepted_kind;
            return succeeds ? find_concerned(contact, &Failure::succeeding) : Concerned{};
        },
        [&](const tally::Sighting& each, const Concerned& concerned) { take_contact(each, concerned); });
}

void FailureBook::take_contact(const tally::Sighting& contact, const Concerned& concerned) {
    if (contact.kind != tally::accepted_kind) return;
    const auto [service, host, client] = concerned;
    if (service != nullptr) service->succeeding.add(contact.client.address, sketches_);
    if (host != nullptr) host->succeeding.add(contact.client.address, sketches_);
    if (Failure* known = find(suspects_, contact.server)) known->succeeding.add(contact.client.address, sketches_);
    if (client == nullptr) return;
    client->succeed(interval_, 1, contact.time, contact.time);
    client->succeeding.add(contact.server.address, sketches_);
}

void FailureBook::take_revision(const tally::Revision& revision, const Scanners& scanners) {
    if (tally::is_failed_in_mass(revision.from))
        if (Failure* known = find(suspects_, revision.server)) known->withdraw(revision.given_in, revision.from);
    const bool was_failed = tally::is_failed(revision.from);
    const bool is_failed = revision.to && tally::is_failed(*revision.to);
    if (!was_failed && !is_failed) return;
    const bool by_scanner = scanners.is_scanner(revision.client.address);
    const tally::Endpoint client{revision.client.address, 0}, host{revision.server.address, 0};
    const auto change = [&](Table& table, const tally::Endpoint& key) {
        if (!was_failed) {
            at(table, key).fail(interval_, *revision.to, 1, revision.time, revision.time, quiet_);
            return;
        }
        Failure* known = find(table, key);
        if (known == nullptr) return;
        if (is_failed) known->reclassify(revision.from, *revision.to);
        if (!is_failed) known->withdraw(revision.given_in, revision.from);
    };
    change(clients_, client);
    if (by_scanner) return;
    if (was_failed)
        change(services_, revision.server);
    else
        fail(services_, service_failed_in_, revision.server, *revision.to, 1, revision.time, revision.time);
    change(hosts_, host);
    if (!was_failed)
        meet(find_concerned(revision.server, client.address), revision.server, client.address, revision.time);
}

void FailureBook::take_record(const tally::AttemptRecord& record, const Scanners& scanners) {
    if (!tally::may_mean_failure(record.outcome) || scanners.is_scanner(record.client.address)) return;
    if (tally::is_failed_in_mass(record.outcome)) {
        if (Failure* known = find(suspects_, record.server)) known->end(record, interval_);
        return;
    }
    const auto [service, host, client] = find_concerned(record.server, record.client.address);
    for (Failure* known : {service, host, client})
        if (known != nullptr) known->end(record, interval_);
}

void FailureBook::resume(const tally::Endpoint& server, tally::Outcome cause, std::uint64_t failed, tally::Time since,
                         tally::Time last, tally::Time recovered_at) {
    Failure& failure = at(services_, server);
    failure.failed = failed;
    failure.outcomes[tally::index(cause)] = static_cast<std::uint32_t>(failed);
    failure.since = since;
    failure.last = last;
    failure.recovered_at = recovered_at;
}

const FailureBook::Neighbours& FailureBook::neighbours() const {
    if (neighbours_) return *neighbours_;
    neighbours_.emplace();
    for (const Failure& service : services_.rows())
        if (is_active(service)) ++neighbours_->failing_services[service.key.address];
    constexpr std::size_t by_device = tally::index(tally::Outcome::refused_by_device);
    for (const Failure& host : hosts_.rows())
        if (is_active(host) && host.outcomes[by_device] > 0) ++neighbours_->hosts_rejected_by_devices;
    return *neighbours_;
}

std::uint64_t FailureBook::failing_services(const tally::IpAddress& host) const {
    const auto found = neighbours().failing_services.find(host);
    return found == neighbours().failing_services.end() ? 0 : found->second;
}

std::uint64_t FailureBook::hosts_rejected_by_devices() const {
    return neighbours().hosts_rejected_by_devices;
}

const Failure* FailureBook::of_service(const tally::Endpoint& server) const {
    return services_.find(server, hash_of(server));
}

bool FailureBook::is_mass(const Failure& suspect) const {
    constexpr std::uint64_t mass = 20;
    const Rates::Sum sum = suspect.rates.over(minute, interval_);
    return sum.failed >= mass && 2 * sum.failed > std::max(sum.failed, sum.accepted);
}

const Failure* FailureBook::in_mass(const tally::Endpoint& server) const {
    const Failure* suspect = suspects_.find(server, hash_of(server));
    return suspect != nullptr && is_mass(*suspect) ? suspect : nullptr;
}

const Failure* FailureBook::why_fails(const tally::Endpoint& server) const {
    const Failure *failure = of_service(server), *mass = in_mass(server);
    if (failure == nullptr || mass == nullptr) return mass == nullptr ? failure : mass;
    return mass->rates.over(minute, interval_).failed < failure->rates.over(minute, interval_).failed ? failure : mass;
}

const Failure* FailureBook::of_host(const tally::IpAddress& host) const {
    return hosts_.find({host, 0}, tally::hash_of(host));
}

const Failure* FailureBook::of_client(const tally::IpAddress& client) const {
    return clients_.find({client, 0}, tally::hash_of(client));
}

}  // namespace rstwatch::control
