// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <immintrin.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/tally/time.h"
#include "dataplane/tcp/connection.h"
#include "dataplane/tcp/table_memory.h"

namespace rstwatch::tcp {

/// Every connection that one core follows, in memory fixed at start: sets of 16, each with one cache line of tags,
/// ranks and deadlines that is all a search, a choice of victim or a sweep has to read. Owned by one core.
class ConnectionTable {
  public:
    using Slot = std::uint32_t;
    static constexpr Slot no_slot = ~Slot{0};
    static constexpr std::size_t ways = 16;

    /// How many intervals ahead a deadline can be told apart; a later one is looked at again on the way.
    static constexpr tally::Interval horizon = 254;

    /// Room for at least `connections`, rounded up to a power of two of sets.
    explicit ConnectionTable(std::size_t connections);

    void prefetch_set(std::uint64_t digest) const { __builtin_prefetch(&sets_[set_of(digest)]); }

    /// Brings the entry that the digest's tag points at, if any, into the cache.
    void prefetch_match(std::uint64_t digest) const {
        const std::size_t set = set_of(digest);
        const std::uint32_t candidates = matches(sets_[set], tag_of(digest));
        if (candidates != 0) __builtin_prefetch(&entries_[set * ways + first(candidates)]);
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
        Set& set = sets_[slot / ways];
        const std::size_t way = slot % ways;
        const std::uint8_t due = due_mark(connection.deadline);
        if (set.due[way] != due) {
            --due_count_[set.due[way]];
            ++due_count_[due];
            set.due[way] = due;
        }
        set.rank[way] = rank_of(connection.phase);
    }

    Connection& operator[](Slot slot) { return entries_[slot]; }
    const Connection& operator[](Slot slot) const { return entries_[slot]; }
    bool is_used(Slot slot) const { return sets_[slot / ways].rank[slot % ways] != 0; }

    /// Calls `expire(slot)` for every entry whose deadline is at or before the end of `interval`, which must be the
    /// earliest interval not swept yet. An entry that marks this interval but is due later is marked anew.
    template <typename Expire>
    void sweep(tally::Interval interval, Expire&& expire) {
        const std::uint8_t mark = mark_of(interval);
        const tally::Time boundary = tally::interval_start(interval + 1);
        // Few marks are due in most intervals: the sweep ends with the last of them.
        for (std::size_t set = 0; set < set_count_ && due_count_[mark] != 0; ++set) {
            std::uint32_t due = marks(sets_[set], mark);
            if (due == 0) continue;
            for (std::uint32_t rest = due; rest != 0; rest &= rest - 1)
                __builtin_prefetch(&entries_[set * ways + first(rest)]);
            for (; due != 0; due &= due - 1) {
                const auto slot = static_cast<Slot>(set * ways + first(due));
                while (entries_[slot].deadline != 0 && entries_[slot].deadline <= boundary) expire(slot);
                if (entries_[slot].deadline != 0) remark(slot, interval);
            }
        }
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

    static unsigned first(std::uint32_t mask) { return static_cast<unsigned>(__builtin_ctz(mask)); }
    std::size_t set_of(std::uint64_t digest) const { return (digest >> 16) & (set_count_ - 1); }
    static std::uint16_t tag_of(std::uint64_t digest) { return static_cast<std::uint16_t>(digest); }
    static std::uint8_t mark_of(tally::Interval interval) { return static_cast<std::uint8_t>(interval % 255 + 1); }
    static std::uint8_t due_mark(tally::Time deadline) {
        return deadline == 0 ? std::uint8_t{0} : mark_of(tally::interval_of_deadline(deadline));
    }
    static std::uint8_t rank_of(Phase phase);

    /// One bit per way whose tag is this one and which is in use.
    static std::uint32_t matches(const Set& set, std::uint16_t tag) {
        const __m256i tags = _mm256_load_si256(reinterpret_cast<const __m256i*>(set.tag.data()));
        const __m256i equal = _mm256_cmpeq_epi16(tags, _mm256_set1_epi16(static_cast<short>(tag)));
        const __m128i narrow = _mm_packs_epi16(_mm256_castsi256_si128(equal), _mm256_extracti128_si256(equal, 1));
        const __m128i ranks = _mm_load_si128(reinterpret_cast<const __m128i*>(set.rank.data()));
        const __m128i is_free = _mm_cmpeq_epi8(ranks, _mm_setzero_si128());
        return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_andnot_si128(is_free, narrow)));
    }

    static std::uint32_t marks(const Set& set, std::uint8_t mark) {
        const __m128i due = _mm_load_si128(reinterpret_cast<const __m128i*>(set.due.data()));
        return static_cast<std::uint32_t>(
            _mm_movemask_epi8(_mm_cmpeq_epi8(due, _mm_set1_epi8(static_cast<char>(mark)))));
    }

    void remark(Slot slot, tally::Interval swept);

    std::size_t set_count_;
    TableMemory set_memory_;
    TableMemory entry_memory_;
    Set* sets_;
    Connection* entries_;
    std::size_t used_ = 0;
    std::array<std::uint32_t, 256> due_count_{};  // entries by mark
};

}  // namespace rstwatch::tcp
