// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <span>

#include "dataplane/identify/known_services.h"
#include "dataplane/packet/packet_view.h"
#include "dataplane/tally/core_tally.h"
#include "dataplane/tcp/connection_table.h"
#include "dataplane/tcp/duplicate_filter.h"
#include "dataplane/tcp/four_tuple.h"
#include "dataplane/tcp/replaced_connections.h"
#include "dataplane/tcp/state_machine.h"
#include "dataplane/tcp/wanted_filter.h"

namespace rstwatch::tcp {

/// A packet as far as it concerns connections.
struct ParsedPacket {
    packet::PacketView view;
    Digest digest;  ///< meaningful if view.trackable
    /// Where its connection was when the burst was fetched, or where there was room for it; others of the burst may
    /// have changed that.
    ConnectionTable::Slot slot = ConnectionTable::no_slot;
};

/// Whose payload says what a service speaks; of no connection if it says nothing that is not known.
struct Heard {
    const Connection* connection = nullptr;  ///< until the next packet
    Side from = Side::client;
};

/// Follows every connection of one core: finds it in the table, advances it by the state machine, and books what has
/// changed into the core's tally. Owned by that core.
class Tracker {
  public:
    /// `services`: those that need no identification any more; null where nothing is identified. `depth_may_change`:
    /// set_depth() will be called.
    Tracker(TableSize connections, const Limits& limits, const DuplicateLimits& duplicates, tally::CoreTally& tally,
            const identify::KnownServices* services = nullptr, bool depth_may_change = false);

    /// Asks for what fetch() will read first, to be called as soon as the digest is known: it comes while the rest of
    /// the burst is parsed.
    void prefetch(const Digest& digest) const {
        table_.prefetch_set(digest.value);
        duplicates_.prefetch(digest);
    }

    /// Brings into the cache what take() will need of a burst of at most `longest_burst` packets, so that cache misses
    /// of different packets overlap.
    void fetch(std::span<ParsedPacket> burst) const;
    static constexpr std::size_t longest_burst = 64;

    /// False for a segment that is of no use to anybody at this depth: it need not be parsed in full, nor taken.
    bool wants(const packet::PlainSegment& segment) const {
        return depth_ == tally::Depth::full || wanted_.has(segment.tuple);
    }
    /// A TCP segment, or an ICMP error that quotes one, at packet time `time` (which never runs backwards).
    Heard take(const ParsedPacket& packet, Time time);

    /// From now on every segment is looked up, or only those that make or end connections. A connection that was not
    /// followed in full all its life is judged for the rest of it by what its control segments tell.
    void set_depth(tally::Depth depth, Time now);
    tally::Depth depth() const { return depth_; }

    /// Opens `interval`, having fired every deadline at or before its start, each in its own interval. To be called for
    /// the first interval, then for each later one once.
    void advance_to(tally::Interval interval);

    /// Fires a part of the deadlines that have passed at `now`, which is within the open interval. Nothing depends on
    /// it but how long advance_to() takes: the packets that arrive meanwhile must fit into the queue.
    void sweep_ahead(Time now);

    /// The end: fires what is due at `now` and settles everything else as it stands.
    void finish(Time now);

    std::size_t capacity() const { return table_.capacity(); }

  private:
    using Slot = ConnectionTable::Slot;

    /// An ICMP error whose segment has not been seen: on a SPAN port it may overtake its SYN.
    struct EarlyIcmp {
        std::uint64_t digest = 0;
        Time time = 0;
        bool source_is_low = false;
        packet::PacketView view;
    };

    bool concerns(const packet::PacketView& view) const;
    Heard hear(const Connection& connection, const packet::PacketView& view, Side from, Time time) const;
    Heard take_unpredicted(Slot slot, const packet::PacketView& view, const Digest& digest, Time time);
    Heard overhear(Connection& connection, const packet::PacketView& view, Side from, Time time);
    bool wants_payload(const Connection& connection, Time time) const;
    const Limits& limits_of(const Connection& connection) const;
    void book_forgotten_segments();
    void drop_copy(const Digest& digest);
    void take_icmp(const packet::PacketView& view, const Digest& digest, Time time);
    void remember_icmp(const packet::PacketView& view, const Digest& digest, Time time);
    void apply_early_icmp(Connection& connection, const Digest& digest, Time time);
    bool is_due(Slot slot, Time time) const;
    void expire_due(Slot slot, Time time);
    void update(Slot slot);
    void stop_wanting(Connection& connection);
    Slot find_live(const Digest& digest, Slot likely, Time time);
    void begin_entry(Slot slot, const packet::PacketView& view, const Digest& digest, Segment& segment);
    void advance_entry(Slot slot, const packet::PacketView& view, const Digest& digest, Segment& segment);
    Slot room_for(const Digest& digest);
    void expire_entry(Slot slot);
    void replace_entry(Slot slot, const packet::PacketView& view, const Digest& digest, Segment& segment);
    void settle_replaced(Connection& successor, Time time);
    void settle(Connection& connection, Outcome outcome, Time time);
    void finalize(Connection& connection, Outcome outcome);
    void book_verdict(Connection& connection, std::uint8_t before, Time time);
    void book_sides(const Connection& connection, std::uint32_t before);
    void book_changes(Connection& connection, bool was_open, std::uint8_t verdict_before, Time time);
    void book_handshake(Connection& connection, bool was_open, Time time);

    ConnectionTable table_;
    DuplicateFilter duplicates_;
    WantedFilter wanted_;
    std::uint64_t forgotten_booked_ = 0;
    Limits limits_;
    Limits control_limits_;  ///< of connections of which not every segment is looked up
    tally::Depth depth_;
    bool depth_may_change_;
    Time control_until_ = 0;  ///< before it not every segment was looked up; 0: never so
    tally::CoreTally& tally_;
    const identify::KnownServices* services_;
    // The last of them, round about: more than this many within `early_answer` are too many to be early.
    static constexpr std::size_t early_icmp_count = 16;
    std::array<EarlyIcmp, early_icmp_count> early_icmp_{};
    std::size_t next_early_icmp_ = 0;
    Time last_early_icmp_ = 0;
    ReplacedConnections replaced_;
    tally::Interval open_ = 0;  // the interval of the clock; the tally's bank lags behind while control is late
};

}  // namespace rstwatch::tcp
