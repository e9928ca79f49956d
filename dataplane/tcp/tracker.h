// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

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

/// Whose payload says what a service speaks; of no connection if it says nothing that is not known.
struct Heard {
    const Connection* connection = nullptr;  ///< until the next packet
    Side from = Side::client;
};

/// Follows every connection of one core: finds it in the table, advances it by the state machine, and books what has
/// changed into the core's tally. Owned by that core.
class Tracker {
  public:
    /// `services`: those that need no identification any more; null where nothing is identified.
    Tracker(std::size_t connections, const Limits& limits, const DuplicateLimits& duplicates, tally::CoreTally& tally,
            const identify::KnownServices* services = nullptr);

    // The passes over a burst, in this order, so that cache misses of different packets overlap.
    void prefetch_set(const packet::PacketView& view, const Digest& digest) const {
        table_.prefetch_set(digest.value);
        duplicates_.prefetch(view, digest);
    }
    void prefetch_entry(const packet::PacketView& view, const Digest& digest) const {
        table_.prefetch_match(digest.value, is_control(view.tcp_flags), open_);
    }
    /// False if the packet is of no use to anybody at this depth; take() asks by itself.
    bool concerns(const packet::PacketView& view, const Digest& digest) const {
        return limits_.every_segment || view.packet_class == tally::PacketClass::icmp_error ||
               is_control(view.tcp_flags) || wanted_.has(digest.value);
    }
    /// A TCP segment, or an ICMP error that quotes one, at packet time `time` (which never runs backwards).
    Heard take(const packet::PacketView& view, const Digest& digest, Time time);

    /// Opens `interval`, having fired every deadline at or before its start, each in its own interval. To be called for
    /// the first interval, then for each later one once.
    void advance_to(tally::Interval interval);

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

    Heard hear(const Connection& connection, const Segment& segment) const;
    Heard overhear(Connection& connection, const Digest& digest, Segment& segment);
    bool wants_payload(const Connection& connection, Time time) const;
    void book_forgotten_segments();
    void drop_copy(const Digest& digest);
    void take_icmp(const packet::PacketView& view, const Digest& digest, Time time);
    void remember_icmp(const packet::PacketView& view, const Digest& digest, Time time);
    void apply_early_icmp(Connection& connection, const Digest& digest, Time time);
    void expire_due(Slot slot, Time time);
    void update(Slot slot);
    void stop_wanting(Connection& connection);
    Slot find_live(const Digest& digest, Time time);
    void begin_entry(Slot slot, const packet::PacketView& view, const Digest& digest, const Segment& segment);
    void advance_entry(Slot slot, const packet::PacketView& view, const Digest& digest, Segment& segment);
    Slot room_for(const Digest& digest);
    void expire_entry(Slot slot);
    void replace_entry(Slot slot, const packet::PacketView& view, const Digest& digest, const Segment& segment);
    void settle_replaced(Connection& successor, Time time);
    void settle(Connection& connection, Outcome outcome, Time time);
    void finalize(Connection& connection, Outcome outcome);
    void book_verdict(Connection& connection, std::uint8_t before, Time time);
    void book_sides(const Connection& connection, std::uint32_t before);
    void book_handshake(Connection& connection, bool was_open, Time time);

    ConnectionTable table_;
    DuplicateFilter duplicates_;
    WantedFilter wanted_;
    std::uint64_t forgotten_booked_ = 0;
    Limits limits_;
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
