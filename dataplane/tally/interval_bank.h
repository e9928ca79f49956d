// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "dataplane/tally/address.h"
#include "dataplane/tally/attempt_record.h"
#include "dataplane/tally/identification.h"
#include "dataplane/tally/outcome.h"
#include "dataplane/tally/packet_totals.h"
#include "dataplane/tally/space_saving.h"
#include "dataplane/tally/time.h"

namespace rstwatch::tally {

/// What a row counts: the verdicts of one outcome, or (destinations only) the handshakes that were completed.
using RowKind = std::uint8_t;
inline constexpr RowKind accepted_kind = static_cast<RowKind>(outcome_count);
constexpr RowKind row_kind(Outcome outcome) {
    return static_cast<RowKind>(outcome);
}

/// Routers between the monitor and a sender; `unknown_hops` where none of its packets was seen.
inline constexpr std::uint8_t unknown_hops = 0xff;

struct RowKey {
    IpAddress address;
    std::uint16_t port = 0;  ///< 0 in the table of clients
    RowKind kind = 0;
    /// How far away whoever answered in the destination's name was: of a refusal the sender of the RST, else of the
    /// SYN-ACK. Control compares the two. Unknown in the table of clients.
    std::uint8_t hops = unknown_hops;

    bool operator==(const RowKey& other) const {
        // What is no address in one comparison: tables ask this of every row that they look up.
        static_assert(sizeof(RowKey) == sizeof(IpAddress) + sizeof(std::uint32_t));
        std::uint32_t mine, its;
        std::memcpy(&mine, &port, sizeof mine);
        std::memcpy(&its, &other.port, sizeof its);
        return mine == its && address == other.address;
    }
};

/// Counts of one kind for one destination (or client) within one interval.
struct Row {
    RowKey key;
    std::uint32_t count = 0;  ///< first verdicts (or accepted handshakes), exact since the row exists
    std::uint64_t error = 0;  ///< the most that may have been counted before the row existed
    Time first = 0;
    Time last = 0;

    std::uint64_t weight() const { return key.kind == accepted_kind ? 0 : count; }  // a handshake is no verdict
    std::uint64_t worth() const { return count; }
};

/// True for a row that counts verdicts which are plainly abnormal.
inline bool counts_failures(const Row& row) {
    return row.key.kind != accepted_kind && is_failed(static_cast<Outcome>(row.key.kind));
}

using RowTable = SpaceSavingTable<Row>;

inline std::uint64_t hash_of(const IpAddress& address, std::uint16_t port, RowKind kind, std::uint8_t hops) {
    constexpr std::uint64_t a = 0x9e3779b97f4a7c15, b = 0xd6e8feb86659fd93;  // odd, no further meaning
    return mix(address.first_half() ^ a,
               address.second_half() ^ (std::uint64_t{hops} << 24 | std::uint64_t{port} << 8 | kind) * b);
}
inline std::uint64_t hash_of(const RowKey& key) {
    return hash_of(key.address, key.port, key.kind, key.hops);
}

/// Of tables that have one row per endpoint, or per address.
inline std::uint64_t hash_of(const Endpoint& endpoint) {
    return hash_of(RowKey{endpoint.address, endpoint.port, 0});
}

inline std::uint64_t hash_of(const IpAddress& address) {
    return hash_of(Endpoint{address, 0});
}

/// What became known of one attempt: its first verdict, or that its handshake was completed.
struct Sighting {
    Endpoint server;
    Endpoint client;
    RowKind kind = 0;
    std::uint8_t hops = unknown_hops;  ///< as in RowKey
    bool answered = false;             ///< the server had answered on this connection before, with more than a SYN-ACK
    Time time = 0;
    Time began = 0;  ///< the connection's first packet: of an attempt its first SYN
    // The ICMP error that decided; meaningful for icmp_rejected only. The record, which has it, too, comes a minute
    // later, and people are to be told at once who rejects and why.
    IpAddress icmp_from{};
    std::uint8_t icmp_type = 0;
    std::uint8_t icmp_code = 0;
};

/// A verdict that had been given and is now another one, or none (the attempt goes on).
struct Revision {
    Interval given_in = 0;  ///< the interval that counted `from`
    Endpoint server;
    Endpoint client;
    std::uint8_t hops = unknown_hops;  ///< as `from` was counted with
    Outcome from = Outcome::undetermined;
    std::optional<Outcome> to;
    Time time = 0;
};

/// Counts per outcome. `first` counts an attempt in the interval in which its outcome was first known, provisional or
/// not; `final` counts it when the outcome can no longer change, and therefore never falls.
struct OutcomeTotals {
    std::array<std::uint64_t, outcome_count> first{};
    std::array<std::uint64_t, outcome_count> final{};
    std::uint64_t attempts = 0;  ///< begun: a SYN of a new initial sequence number
    std::uint64_t accepted = 0;  ///< handshakes completed

    // Which directions of a connection the monitor sees. A connection moves from `one_sided` to `two_sided` when the
    // other side appears, so the sums over all intervals say how many there are of each.
    std::uint64_t two_sided = 0;              ///< packets of both sides were seen
    std::array<std::int64_t, 2> one_sided{};  ///< by Side: only it is seen, and it lives as if it were answered
};

/// What a core is in the middle of, as it stood when the bank was handed over.
struct Gauges {
    std::uint64_t pending = 0;                               ///< attempts without a final outcome that are not open
    std::uint64_t open = 0;                                  ///< attempts established, no end seen
    std::array<std::uint64_t, outcome_count> provisional{};  ///< verdicts given and not yet final
    std::uint64_t connections_used = 0;                      ///< slots of the connection table in use
    std::uint64_t datagrams_used = 0;                        ///< datagrams of which fragments are still to come
};

/// Losses and pressure within the interval, by cause.
struct Losses {
    std::uint64_t connections_evicted = 0;     ///< entries that gave way, finished ones included
    std::uint64_t connections_overflowed = 0;  ///< of these, attempts that were still being watched
    std::uint64_t records_dropped = 0;
    std::uint64_t sightings_dropped = 0;
    std::uint64_t contacts_dropped = 0;
    std::uint64_t revisions_dropped = 0;
    std::uint64_t identifications_dropped = 0;
    std::uint64_t services_forgotten = 0;   ///< identified ones that gave way, to be identified again
    std::uint64_t payloads_forgotten = 0;   ///< too soon for the other direction's to be matched with them
    std::uint64_t segments_forgotten = 0;   ///< too soon for copies of them to be recognised
    std::uint64_t datagrams_evicted = 0;    ///< incomplete ones that gave way
    std::uint64_t datagrams_timed_out = 0;  ///< incomplete ones that were given up
    std::uint64_t forward_dropped = 0;      ///< packets that did not fit into the ring to their owner
};

struct BankCapacity {
    std::size_t destinations;
    std::size_t clients;
    std::size_t records;  ///< also of contacts, sightings and revisions
    std::size_t identifications;
    bool sightings;  ///< of all verdicts, not only of those that mean a failure
    bool prefault;   ///< touch all of it at start: live, so that no packet pays for a page fault
};

/// How much of a connection is looked up.
enum class Depth : std::uint8_t {
    full,    ///< every segment
    control  ///< segments that make or end connections, and what those in their handshake send
};

/// Everything that one core counted in one interval (or in a part of it, when a list was full). Written by the core
/// that holds it, with plain stores; the hand-over over an SpscRing passes it whole to control, which hands it back
/// when it has read it.
struct IntervalBank {
    explicit IntervalBank(const BankCapacity& capacity)
        : destinations(capacity.destinations),
          clients(capacity.clients),
          list_capacity(capacity.records),
          identification_capacity(capacity.identifications),
          wants_all_sightings(capacity.sightings) {
        records.reserve(list_capacity);
        contacts.reserve(list_capacity);
        sightings.reserve(list_capacity);
        revisions.reserve(list_capacity);
        identifications.reserve(identification_capacity);
        if (capacity.prefault) prefault();
    }

    Interval interval = 0;
    unsigned core = 0;
    Time first_packet = 0;          ///< meaningful when packets.received > 0
    Time last_packet = 0;           ///< likewise
    bool at_control_depth = false;  ///< for a part of it at least not every segment was looked up
    bool late = false;              ///< holds more than its own interval, because no empty bank was back in time

    PacketTotals packets;
    OutcomeTotals outcomes;
    Gauges gauges;
    Losses losses;
    RowTable destinations;
    RowTable clients;
    std::size_t list_capacity;
    std::size_t identification_capacity;
    bool wants_all_sightings;
    std::vector<AttemptRecord> records;  // never grows past list_capacity
    std::vector<Sighting> contacts;   // handshakes and silences, for control/classify; never grows past list_capacity
    std::vector<Sighting> sightings;  // first verdicts that mean a failure, or all; never grows past list_capacity
    std::vector<Revision> revisions;  // never grows past list_capacity
    std::vector<Identification> identifications;  // never grows past identification_capacity

    bool lists_full() const {
        return records.size() == list_capacity || contacts.size() == list_capacity ||
               sightings.size() == list_capacity || revisions.size() == list_capacity ||
               (identification_capacity > 0 && identifications.size() == identification_capacity);
    }

    void prefault() {
        destinations.prefault();
        clients.prefault();
        records.resize(list_capacity);
        contacts.resize(list_capacity);
        sightings.resize(list_capacity);
        revisions.resize(list_capacity);
        identifications.resize(identification_capacity);
        clear();
    }

    void clear() {
        first_packet = last_packet = 0;
        at_control_depth = late = false;
        packets = {};
        outcomes = {};
        gauges = {};
        losses = {};
        destinations.clear();
        clients.clear();
        records.clear();
        contacts.clear();
        sightings.clear();
        revisions.clear();
        identifications.clear();
    }
};

}  // namespace rstwatch::tally
