// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/tally/time.h"
#include "dataplane/tally/touch.h"
#include "dataplane/tcp/connection.h"
#include "dataplane/tcp/table_memory.h"

namespace rstwatch::tcp {

/// How many connections a table has room for. Live it is the same number from the start to the end, so that no packet
/// waits for memory. A replay, which can wait, begins with a small table: memory that holds nothing takes time to
/// clear.
struct TableSize {
    std::size_t at_first;
    std::size_t at_most;

    TableSize(std::size_t always = 0) : at_first(always), at_most(always) {}
    TableSize(std::size_t first, std::size_t most) : at_first(first), at_most(most) {}
};

/// Every connection that one core follows: sets of 16, each with one cache line of tags, ranks and deadlines that is
/// all a search, a choice of victim or a sweep has to read. Owned by one core.
class ConnectionTable {
  public:
    using Slot = std::uint32_t;
    static constexpr Slot no_slot = ~Slot{0};
    static constexpr std::size_t ways = 16;

    /// How many intervals ahead a deadline can be told apart; a later one is looked at again on the way.
    static constexpr tally::Interval horizon = 254;

    /// Each size is rounded up to a power of two of sets. Throws std::bad_alloc.
    explicit ConnectionTable(TableSize size);

    /// Moves everything to a larger table, where a set that was full is so by chance only; false if it is as large as
    /// it may be, or memory is short. All slots change.
    [[nodiscard]] bool grow();

    // What brings into the cache what a later find() or choose() needs, to be called for a whole burst one after the
    // other: first this (which may be dropped where the page is not known), …
    void prefetch_set(std::uint64_t digest) const { __builtin_prefetch(&sets_[set_of(digest)]); }
    void touch_set(std::uint64_t digest) const { tally::touch(&sets_[set_of(digest)]); }

    /// … then this: the entry that the digest's tag points at, or else the one that a new connection would take, …
    Slot likely_slot(std::uint64_t digest, tally::Interval now) const {
        const std::size_t set = set_of(digest);
        const std::uint32_t free = free_ways(sets_[set]);
        const std::uint32_t candidates = equal_ways(sets_[set], tag_of(digest)) & ~free;
        // Without a branch on what half of the packets differ in.
        const std::uint32_t choice = candidates | (free & (candidates == 0 ? ~std::uint32_t{0} : 0));
        return static_cast<Slot>(set * ways + (choice != 0 ? first(choice) : cheapest(set, now)));
    }

    void prefetch_entry(Slot slot) const { __builtin_prefetch(&entries_[slot]); }

    /// … then this; a segment that makes or ends connections needs all of the entry.
    void touch_entry(Slot slot) const { tally::touch(&entries_[slot]); }
    void touch_rest_of_entry(Slot slot) const {
        const auto* line = reinterpret_cast<const char*>(&entries_[slot]);
        tally::touch(line + 64);
        tally::touch(line + 128);
    }

    /// True if a segment without SYN, FIN or RST may complete the handshake of what is in `slot`.
    bool is_in_handshake(Slot slot) const {
        return sets_[slot / ways].rank[slot % ways] == ranks[static_cast<std::size_t>(Phase::syn_received)];
    }

    /// True if the connection with this digest is in `slot`, which may be no_slot.
    bool holds(Slot slot, std::uint64_t digest) const {
        return slot != no_slot && entries_[slot].digest == digest && entries_[slot].phase != Phase::none;
    }

    /// The slot of the connection with this digest, or no_slot.
    Slot find(std::uint64_t digest) const {
        const std::size_t set = set_of(digest);
        for (std::uint32_t candidates = matches(sets_[set], tag_of(digest)); candidates != 0;
             candidates &= candidates - 1) {
            const auto slot = static_cast<Slot>(set * ways + first(candidates));
            if (entries_[slot].digest == digest) return slot;
        }
        return no_slot;
    }

    /// The slot that a new connection is to take: a free one, else the least useful of its set, finished ones before
    /// unfinished, embryonic before established. The caller settles what is in it, then calls occupy().
    Slot choose(std::uint64_t digest, tally::Interval now) const;

    /// An empty entry with the digest set, in a slot that choose() returned.
    Connection& occupy(Slot slot, std::uint64_t digest);

    void release(Slot slot);

    /// Records rank and deadline of an entry that has changed; to be called after each change of phase or deadline.
    void update(Slot slot) {
        const Connection& connection = entries_[slot];
        set_due(slot, due_mark(connection.deadline));
        sets_[slot / ways].rank[slot % ways] = ranks[static_cast<std::size_t>(connection.phase)];
    }

    Connection& operator[](Slot slot) { return entries_[slot]; }
    const Connection& operator[](Slot slot) const { return entries_[slot]; }
    bool is_used(Slot slot) const { return sets_[slot / ways].rank[slot % ways] != 0; }

    /// Calls `expire(slot)` for every entry whose deadline is at or before the end of `interval`, which must be the
    /// earliest interval not swept yet. An entry that marks this interval but is due later is marked anew.
    template <typename Expire>
    void sweep(tally::Interval interval, Expire&& expire) {
        const tally::Time boundary = tally::interval_start(interval + 1);
        // Few are due in most intervals: the sweep ends with the last of them.
        const std::uint32_t most = due_count_[mark_of(interval)];
        visit_marked(0, capacity(), mark_of(interval), most, [&](Slot slot) {
            while (entries_[slot].deadline != 0 && entries_[slot].deadline <= boundary) expire(slot);
            if (entries_[slot].deadline != 0) remark(slot, interval);
        });
    }

    /// A part of the sweep of `interval` ahead of its end: calls `expire(slot)` for those of the next `slots` slots,
    /// all of them in turn, whose deadline is at or before `now`.
    template <typename Expire>
    void sweep_ahead(tally::Interval interval, tally::Time now, std::size_t slots, Expire&& expire) {
        const std::size_t end = std::min(ahead_ + slots, capacity());
        visit_marked(ahead_, end, mark_of(interval), due_count_[mark_of(interval)], [&](Slot slot) {
            while (entries_[slot].deadline != 0 && entries_[slot].deadline <= now) expire(slot);
        });
        ahead_ = end == capacity() ? 0 : end;
    }

    bool nothing_due(tally::Interval interval) const { return due_count_[mark_of(interval)] == 0; }
    bool nothing_due_ever() const { return due_count_[0] == capacity(); }

    std::size_t capacity() const { return set_count_ * ways; }
    std::size_t used() const { return used_; }

  private:
    struct alignas(64) Set {
        std::array<std::uint16_t, ways> tag;
        std::array<std::uint8_t, ways> rank;  // 0: free
        std::array<std::uint8_t, ways> due;   // mark of the deadline's interval; 0: none
    };
    static_assert(sizeof(Set) == 64);

    static constexpr std::size_t fewest_sets = 2;
    static constexpr std::size_t growth = 4;  ///< at once: what is copied on the way is a third of the last copy
    static constexpr std::size_t sweep_batch = 32;

    static unsigned first(std::uint32_t mask) { return static_cast<unsigned>(__builtin_ctz(mask)); }
    std::size_t set_of(std::uint64_t digest) const { return (digest >> 16) & (set_count_ - 1); }
    static std::uint16_t tag_of(std::uint64_t digest) { return static_cast<std::uint16_t>(digest); }
    static std::uint8_t mark_of(tally::Interval interval) { return static_cast<std::uint8_t>(interval % 255 + 1); }
    static std::uint8_t due_mark(tally::Time deadline) {
        return deadline == 0 ? std::uint8_t{0} : mark_of(tally::interval_of_deadline(deadline));
    }
    /// By phase; who has the lowest rank gives way first.
    static constexpr std::array<std::uint8_t, phases> ranks = [] {
        std::array<std::uint8_t, phases> by_phase{};
        constexpr std::array order{Phase::none,     Phase::finished,     Phase::unsolicited, Phase::reset,
                                   Phase::syn_sent, Phase::syn_received, Phase::midstream,   Phase::established};
        for (std::size_t rank = 0; rank < order.size(); ++rank)
            by_phase[static_cast<std::size_t>(order[rank])] = static_cast<std::uint8_t>(rank);
        by_phase[static_cast<std::size_t>(Phase::closed)] = by_phase[static_cast<std::size_t>(Phase::reset)];
        return by_phase;
    }();

    /// One bit per way whose tag is this one and which is in use.
    static std::uint32_t matches(const Set& set, std::uint16_t tag) { return equal_ways(set, tag) & ~free_ways(set); }

    static std::uint32_t equal_ways(const Set& set, std::uint16_t tag) {
        const __m256i tags = _mm256_load_si256(reinterpret_cast<const __m256i*>(set.tag.data()));
        const __m256i equal = _mm256_cmpeq_epi16(tags, _mm256_set1_epi16(static_cast<short>(tag)));
        const __m128i narrow = _mm_packs_epi16(_mm256_castsi256_si128(equal), _mm256_extracti128_si256(equal, 1));
        return static_cast<std::uint32_t>(_mm_movemask_epi8(narrow));
    }

    static std::uint32_t free_ways(const Set& set) {
        const __m128i ranks = _mm_load_si128(reinterpret_cast<const __m128i*>(set.rank.data()));
        return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(ranks, _mm_setzero_si128())));
    }

    /// The way of a full set that gives way: of the lowest rank, and among equals the one whose deadline is nearest; it
    /// has the least left to tell.
    std::size_t cheapest(std::size_t set, tally::Interval now) const {
        const __m128i ranks = _mm_load_si128(reinterpret_cast<const __m128i*>(sets_[set].rank.data()));
        const __m128i due = _mm_load_si128(reinterpret_cast<const __m128i*>(sets_[set].due.data()));
        const __m128i ahead = _mm_sub_epi8(due, _mm_set1_epi8(static_cast<char>(mark_of(now))));
        // The cost of a way is a number of 16 bits, rank before deadline; the least of eight comes with its place.
        const auto least = [](__m128i costs) {
            return static_cast<std::uint32_t>(_mm_cvtsi128_si32(_mm_minpos_epu16(costs)));
        };
        const std::uint32_t low = least(_mm_unpacklo_epi8(ahead, ranks)), high = least(_mm_unpackhi_epi8(ahead, ranks));
        return (low & 0xffff) <= (high & 0xffff) ? low >> 16 : (high >> 16) + ways / 2;
    }

    /// Calls `visit(slot)` for each slot from `begin` to `end`, both multiples of `ways`, that has this mark; ends
    /// after the `most`th. Those entries lie anywhere in memory: they are fetched in batches, so that their misses
    /// overlap.
    template <typename Visit>
    void visit_marked(std::size_t begin, std::size_t end, std::uint8_t mark, std::uint32_t most, Visit&& visit) {
        std::array<Slot, sweep_batch> batch;
        std::size_t batched = 0;
        const auto visit_batch = [&] {
            for (const Slot slot : std::span(batch).first(batched)) {
                touch_entry(slot);
                touch_rest_of_entry(slot);
            }
            for (const Slot slot : std::span(batch).first(batched)) visit(slot);
            batched = 0;
        };
        for (std::size_t set = begin / ways; set < end / ways && most != 0; ++set) {
            for (std::uint32_t marked = marks(sets_[set], mark); marked != 0 && most != 0;
                 marked &= marked - 1, --most) {
                batch[batched] = static_cast<Slot>(set * ways + first(marked));
                if (++batched == sweep_batch) visit_batch();
            }
        }
        visit_batch();
    }

    /// One bit per way with this mark.
    static std::uint32_t marks(const Set& set, std::uint8_t mark) {
        const __m128i due = _mm_load_si128(reinterpret_cast<const __m128i*>(set.due.data()));
        return static_cast<std::uint32_t>(
            _mm_movemask_epi8(_mm_cmpeq_epi8(due, _mm_set1_epi8(static_cast<char>(mark)))));
    }

    void set_due(Slot slot, std::uint8_t mark) {
        std::uint8_t& due = sets_[slot / ways].due[slot % ways];
        if (due == mark) return;
        --due_count_[due];
        ++due_count_[mark];
        due = mark;
    }

    static void clear(Connection& connection);
    void remark(Slot slot, tally::Interval swept);

    ConnectionTable(std::size_t sets, std::size_t most_sets);
    static std::size_t sets_for(std::size_t connections);
    void move_to(ConnectionTable&& larger);

    std::size_t set_count_;
    std::size_t most_sets_;
    TableMemory set_memory_;
    TableMemory entry_memory_;
    Set* sets_;
    Connection* entries_;
    std::size_t used_ = 0;
    std::size_t ahead_ = 0;                       // where sweep_ahead() goes on
    std::array<std::uint32_t, 256> due_count_{};  // entries by mark
};

}  // namespace rstwatch::tcp
