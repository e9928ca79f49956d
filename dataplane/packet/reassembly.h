// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataplane/packet/fragment.h"
#include "dataplane/tally/time.h"

namespace rstwatch::packet {

/// What there is of a datagram once every piece of it has been seen: its length, and its first bytes, which hold more
/// headers than anybody sends.
struct Datagram {
    static constexpr std::size_t head_size = 512;

    std::array<std::uint8_t, head_size> head;
    std::uint32_t length = 0;      ///< of all fragments' payload
    std::uint8_t next_header = 0;  ///< of IPv6: what the first fragment said that it begins with
};

/// Puts datagrams together from fragments that were captured whole. Where fragments overlap, what came first stands
/// (what hosts do differs; RFC 5722 forbids it for IPv6). Fixed memory; owned by one core.
class Reassembler {
  public:
    /// For how long a datagram waits for its other pieces after the first of them came: Linux's ipfrag_time. RFC 791
    /// section 3.2 suggests 15 s at least, RFC 8200 section 4.5 says 60 s.
    static constexpr tally::Time patience = 30 * tally::second;

    struct Counts {
        std::uint64_t completed = 0;
        std::uint64_t timed_out = 0;
        std::uint64_t evicted = 0;  ///< gave way to a newer one
    };

    /// Room for `datagrams` at a time, rounded up. Nobody who does not know `secret` can aim at one set of the table.
    Reassembler(std::size_t datagrams, std::uint64_t secret);

    /// Takes a fragment of `frame`, at `now`. The datagram that it completes, until the next call; else nullptr.
    const Datagram* add(const std::uint8_t* frame, const Fragment& fragment, tally::Time now);

    /// Gives up what has waited for too long.
    void expire(tally::Time now);

    std::size_t used() const { return used_; }
    std::size_t capacity() const { return entries_.size(); }
    const Counts& counts() const { return counts_; }

  private:
    static constexpr std::size_t ways = 16;
    static constexpr std::size_t unit = 8;  ///< bytes: fragments begin at multiples of it
    static constexpr std::size_t head_units = Datagram::head_size / unit;

    struct Entry {
        bool is_used = false;
        FragmentKey key;
        tally::Time begun = 0;
        std::size_t end = 0;    ///< of what has been seen so far
        std::size_t units = 0;  ///< of it covered
        bool end_is_known = false;
        std::bitset<65536 / unit> covered;
        Datagram datagram;
    };

    static bool is_stale(const Entry& entry, tally::Time now) { return entry.begun + patience <= now; }
    static bool fits(const Entry& entry, const Fragment& fragment);
    static void cover(Entry& entry, const std::uint8_t* payload, const Fragment& fragment);
    Entry& entry_of(const FragmentKey& key, tally::Time now);
    Entry& room_in(Entry* set, tally::Time now);
    void release(Entry& entry);

    std::vector<Entry> entries_;
    std::uint64_t secret_;
    std::size_t used_ = 0;
    Counts counts_;
};

}  // namespace rstwatch::packet
