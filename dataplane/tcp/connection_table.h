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

    /// Brings the entry that the digest's tag points at into the cache, or the one that a new connection would take;
    /// for a segment that makes or ends connections its deadline, too.
    void prefetch_match(std::uint64_t digest, bool is_control, tally::Interval now) const {
        const std::size_t set = set_of(digest);
        const std::uint32_t candidates = matches(sets_[set], tag_of(digest));
        if (is_control) __builtin_prefetch(&due_[set * ways], 1);
        if (candidates != 0) {
            load(entries_[set * ways + first(candidates)].digest);
            return;
        }
        const std::uint32_t free = free_ways(sets_[set]);
        prefetch_entry(static_cast<Slot>(set * ways + (free != 0 ? first(free) : cheapest(set, now))));
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
        sets_[slot / ways].rank[slot % ways] = rank_of(connection.phase);
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
        std::array<Slot, sweep_batch> batch;
        std::size_t batched = 0;
        const auto judge_batch = [&] {
            for (const Slot slot : std::span(batch).first(batched)) {
                while (entries_[slot].deadline != 0 && entries_[slot].deadline <= boundary) expire(slot);
                if (entries_[slot].deadline != 0) remark(slot, interval);
            }
            batched = 0;
        };
        // Entries that are due lie anywhere in memory: they are fetched in batches, so that their misses overlap. Few
        // are due in most intervals: the sweep ends with the last of them.
        std::uint32_t left = due_count_[mark];
        for (std::size_t block = 0; block < capacity() && left != 0; block += block_slots) {
            for (std::uint32_t due = marks(block, mark); due != 0; due &= due - 1, --left) {
                batch[batched] = static_cast<Slot>(block + first(due));
                prefetch_entry(batch[batched]);
                if (++batched == sweep_batch) judge_batch();
            }
        }
        judge_batch();
    }

    bool nothing_due(tally::Interval interval) const { return due_count_[mark_of(interval)] == 0; }
    bool nothing_due_ever() const { return due_count_[0] == capacity(); }

    std::size_t capacity() const { return set_count_ * ways; }
    std::size_t used() const { return used_; }

  private:
    struct alignas(64) Set {
        std::array<std::uint16_t, ways> tag;
        std::array<std::uint8_t, ways> rank;  // 0: free
    };
    static_assert(sizeof(Set) == 64);

    static constexpr std::size_t block_slots = 32;  // marks compared at once
    static constexpr std::size_t sweep_batch = 32;
    static_assert(block_slots == 2 * ways);

    /// Reads a word for the sake of its cache line, where a prefetch might be dropped: entries lie further apart than
    /// the TLB reaches, above all in a virtual machine whose host has small pages. Paired in one run, data of 120,000
    /// connections took 0.42 times, mixed traffic 0.63 times the cycles per packet that it took with prefetches.
    static void load(const std::uint64_t& word) {
        asm volatile("" : : "r"(static_cast<const volatile std::uint64_t&>(word)));
    }

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
        return static_cast<std::uint32_t>(_mm_movemask_epi8(narrow)) & ~free_ways(set);
    }

    static std::uint32_t free_ways(const Set& set) {
        const __m128i ranks = _mm_load_si128(reinterpret_cast<const __m128i*>(set.rank.data()));
        return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(ranks, _mm_setzero_si128())));
    }

    /// The way of a full set that gives way: of the lowest rank, and among equals the one whose deadline is nearest; it
    /// has the least left to tell.
    std::size_t cheapest(std::size_t set, tally::Interval now) const {
        const __m128i ranks = _mm_load_si128(reinterpret_cast<const __m128i*>(sets_[set].rank.data()));
        const __m128i due = _mm_load_si128(reinterpret_cast<const __m128i*>(due_ + set * ways));
        const __m128i ahead = _mm_sub_epi8(due, _mm_set1_epi8(static_cast<char>(mark_of(now))));
        // The cost of a way is a number of 16 bits, rank before deadline; the least of eight comes with its place.
        const auto least = [](__m128i costs) {
            return static_cast<std::uint32_t>(_mm_cvtsi128_si32(_mm_minpos_epu16(costs)));
        };
        const std::uint32_t low = least(_mm_unpacklo_epi8(ahead, ranks)), high = least(_mm_unpackhi_epi8(ahead, ranks));
        return (low & 0xffff) <= (high & 0xffff) ? low >> 16 : (high >> 16) + ways / 2;
    }

    /// One bit per slot of the block that begins at `slot` with this mark.
    std::uint32_t marks(std::size_t slot, std::uint8_t mark) const {
        const __m256i due = _mm256_load_si256(reinterpret_cast<const __m256i*>(due_ + slot));
        return static_cast<std::uint32_t>(
            _mm256_movemask_epi8(_mm256_cmpeq_epi8(due, _mm256_set1_epi8(static_cast<char>(mark)))));
    }

    /// All lines of an entry, to be written.
    void prefetch_entry(Slot slot) const {
        const auto* entry = reinterpret_cast<const char*>(&entries_[slot]);
        for (std::size_t line = 0; line < sizeof(Connection); line += 64) __builtin_prefetch(entry + line, 1);
    }

    void set_due(Slot slot, std::uint8_t mark) {
        if (due_[slot] == mark) return;
        --due_count_[due_[slot]];
        ++due_count_[mark];
        due_[slot] = mark;
    }

    void remark(Slot slot, tally::Interval swept);

    std::size_t set_count_;
    TableMemory set_memory_;
    TableMemory due_memory_;
    TableMemory entry_memory_;
    Set* sets_;
    std::uint8_t* due_;  // by slot: mark of the deadline's interval; 0: none
    Connection* entries_;
    std::size_t used_ = 0;
    std::array<std::uint32_t, 256> due_count_{};  // entries by mark
};

}  // namespace rstwatch::tcp
