// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "control/merge/interval_merger.h"
#include "control/merge/merged_interval.h"
#include "dataplane/tally/core_tally.h"

// What the tests of control feed it with: endpoints by number, verdicts as a core books them, cores with real banks.
namespace rstwatch::control::test {

constexpr tally::RowKind refused = tally::row_kind(tally::Outcome::refused);

/// 10.0.0.0 + number.
inline tally::IpAddress address(std::uint32_t number) {
    const std::uint8_t bytes[] = {10, static_cast<std::uint8_t>(number >> 16), static_cast<std::uint8_t>(number >> 8),
                                  static_cast<std::uint8_t>(number)};
    return tally::IpAddress::v4(bytes);
}

inline tally::Endpoint endpoint(std::uint32_t number, std::uint16_t port) {
    return {address(number), port};
}

inline tally::AttemptRecord record(const tally::Endpoint& client, const tally::Endpoint& server, tally::Outcome outcome,
                                   tally::Time time) {
    tally::AttemptRecord record;
    record.client = client;
    record.server = server;
    record.outcome = outcome;
    record.start = record.end = record.decided = time;
    record.counted_in = tally::interval_of(time);
    record.syn_count = 1;
    return record;
}

inline tally::Sighting sighting(const tally::Endpoint& server, const tally::Endpoint& client, tally::RowKind kind,
                                tally::Time time, std::uint8_t hops = tally::unknown_hops) {
    return {server, client, kind, hops, false, time, time};
}

inline tally::Row row(const tally::IpAddress& address, std::uint16_t port, tally::RowKind kind, std::uint32_t count,
                      tally::Time time) {
    tally::Row row;
    row.key = {address, port, kind};
    row.count = count;
    row.first = row.last = time;
    return row;
}

/// Of interval banks that are filled by hand.
inline tally::BankCapacity bank_capacity(std::size_t destinations, std::size_t clients, std::size_t records) {
    tally::BankCapacity capacity{};
    capacity.destinations = destinations;
    capacity.clients = clients;
    capacity.records = records;
    return capacity;
}

/// An interval as the merger releases it.
class IntervalData {
  public:
    explicit IntervalData(tally::Interval number = 0) { interval.interval = number; }

    /// An attempt that ended so, final at once.
    IntervalData& ended(const tally::Endpoint& client, const tally::Endpoint& server, tally::Outcome outcome,
                        tally::Time time, std::uint16_t flags = 0) {
        return judged(client, server, outcome, time).settled(client, server, outcome, time, flags);
    }

    /// The end of an attempt whose outcome was known before.
    IntervalData& settled(const tally::Endpoint& client, const tally::Endpoint& server, tally::Outcome outcome,
                          tally::Time time, std::uint16_t flags = 0) {
        tally::AttemptRecord attempt = record(client, server, outcome, time);
        attempt.flags = flags;
        interval.records.push_back(attempt);
        ++interval.outcomes.final[tally::index(outcome)];
        interval.outcomes.attempts += tally::is_attempt(outcome);
        return *this;
    }

    /// A first verdict, which may still change.
    IntervalData& judged(const tally::Endpoint& client, const tally::Endpoint& server, tally::Outcome outcome,
                         tally::Time time) {
        interval.destinations.push_back(row(server.address, server.port, tally::row_kind(outcome), 1, time));
        interval.clients.push_back(row(client.address, 0, tally::row_kind(outcome), 1, time));
        interval.sightings.push_back(sighting(server, client, tally::row_kind(outcome), time));
        if (tally::is_silence(outcome)) interval.contacts.push_back(interval.sightings.back());
        ++interval.outcomes.first[tally::index(outcome)];
        return *this;
    }

    IntervalData& accepted(const tally::Endpoint& client, const tally::Endpoint& server, tally::Time time) {
        interval.destinations.push_back(row(server.address, server.port, tally::accepted_kind, 1, time));
        interval.contacts.push_back(sighting(server, client, tally::accepted_kind, time));
        ++interval.outcomes.accepted;
        return *this;
    }

    /// Says how far away whoever decided the last verdict (or handshake) was.
    IntervalData& from_hops(std::uint8_t hops) {
        interval.destinations.back().key.hops = hops;
        if (!interval.sightings.empty()) interval.sightings.back().hops = hops;
        if (!interval.contacts.empty()) interval.contacts.back().hops = hops;
        return *this;
    }

    IntervalData& revised(const tally::Endpoint& client, const tally::Endpoint& server, tally::Interval given_in,
                          tally::Outcome from, std::optional<tally::Outcome> to, tally::Time time) {
        interval.revisions.push_back({given_in, server, client, tally::unknown_hops, from, to, time});
        return *this;
    }

    MergedInterval interval;
};

/// Cores with real banks, and the merger that empties them. A single thread plays all of them, so a core hands over
/// only as often as there are banks.
class Cores {
  public:
    Cores(unsigned count, const tally::BankCapacity& capacity, std::size_t banks = 64) {
        for (unsigned core = 0; core < count; ++core) {
            exchanges.push_back(std::make_unique<tally::BankExchange>(core, banks, capacity));
            tallies.push_back(std::make_unique<tally::CoreTally>(*exchanges.back(), tally::WhenFull::wait));
        }
    }

    tally::CoreTally& operator[](std::size_t core) { return *tallies[core]; }

    std::vector<std::unique_ptr<tally::BankExchange>> exchanges;
    std::vector<std::unique_ptr<tally::CoreTally>> tallies;
};

}  // namespace rstwatch::control::test
