// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <immintrin.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "dataplane/packet/packet_view.h"
#include "dataplane/tally/time.h"
#include "dataplane/tally/touch.h"
#include "dataplane/tcp/four_tuple.h"

namespace rstwatch::tcp {

/// How long after a segment the same one again is a copy of it that a mirror port made, in microseconds of packet time.
struct DuplicateLimits {
    tally::Time with_id;     ///< where the IP identification tells a copy from a segment that was sent again
    tally::Time without_id;  ///< where it does not: IPv6, and IPv4 with identification 0
};

/// Recognises the copies that a mirror port delivers when it mirrors both where a packet enters and where it leaves,
/// perhaps a hop further. They come in bursts (1 2 3 … 1' 2' 3' …), so that the last segment of a connection would not
/// do: the last 16,384 segments of the core are remembered, in sets of four by their hash. Owned by one core.
class DuplicateFilter {
  public:
    explicit DuplicateFilter(const DuplicateLimits& limits) : limits_(limits), sets_(set_count) {}

    void prefetch(const Digest& digest) const { __builtin_prefetch(&sets_[digest.segment % set_count]); }
    /// Brings into the cache what is_copy() needs.
    void touch(const Digest& digest) const { tally::touch(&sets_[digest.segment % set_count]); }

    /// True if the segment is a copy of one that was seen just before; else remembers it. `time` never runs backwards.
    bool is_copy(const packet::PacketView& view, const Digest& digest, tally::Time time);

    static constexpr std::size_t capacity() { return set_count * set_size; }

    /// How often a segment was forgotten before its time: a copy of it would not have been recognised.
    std::uint64_t overflowed() const { return overflowed_; }

  private:
    static constexpr std::size_t set_size = 4;  // one cache line
    static constexpr std::size_t set_count = 4096;

    /// Newest first, so that what is remembered pushes out the oldest without a search for it.
    struct alignas(64) Set {
        std::array<std::uint64_t, set_size> digest{};
        std::array<std::uint64_t, set_size> time_and_ttl;  ///< the time in the upper 56 bits

        Set() { time_and_ttl.fill(never); }
    };

    /// Longer ago than any limit, whatever the time: what a place holds that has held nothing.
    static constexpr std::uint64_t never = ~std::uint64_t{0};

    /// One bit for each of a set that is this one.
    static std::uint32_t equal_to(const std::array<std::uint64_t, set_size>& digests, std::uint64_t digest) {
        const __m256i all = _mm256_load_si256(reinterpret_cast<const __m256i*>(digests.data()));
        const __m256i equal = _mm256_cmpeq_epi64(all, _mm256_set1_epi64x(static_cast<long long>(digest)));
        return static_cast<std::uint32_t>(_mm256_movemask_pd(_mm256_castsi256_pd(equal)));
    }

    static void push_front(std::array<std::uint64_t, set_size>& values, std::uint64_t value) {
        auto* place = reinterpret_cast<__m256i*>(values.data());
        const __m256i moved = _mm256_permute4x64_epi64(_mm256_load_si256(place), _MM_SHUFFLE(2, 1, 0, 0));
        const __m256i first = _mm256_set1_epi64x(static_cast<long long>(value));
        _mm256_store_si256(place, _mm256_blend_epi32(moved, first, 0b00000011));
    }

    /// A copy that was mirrored behind a router has one hop less to go.
    static bool is_within_a_hop(std::uint64_t time_and_ttl, std::uint8_t ttl) {
        return std::abs(static_cast<int>(time_and_ttl & 0xff) - static_cast<int>(ttl)) <= 1;
    }

    DuplicateLimits limits_;
    std::vector<Set> sets_;
    std::uint64_t overflowed_ = 0;
};

inline bool DuplicateFilter::is_copy(const packet::PacketView& view, const Digest& digest, tally::Time time) {
    const tally::Time limit = view.ip_id == 0 ? limits_.without_id : limits_.with_id;
    Set& set = sets_[digest.segment % set_count];
    for (std::uint32_t equal = equal_to(set.digest, digest.segment); equal != 0; equal &= equal - 1) {
        const std::uint64_t seen = set.time_and_ttl[static_cast<unsigned>(__builtin_ctz(equal))];
        if (time - (seen >> 8) <= limit && is_within_a_hop(seen, view.ttl)) return true;
    }
    overflowed_ += time - (set.time_and_ttl.back() >> 8) <= limit ? 1 : 0;
    push_front(set.digest, digest.segment);
    push_front(set.time_and_ttl, time << 8 | view.ttl);
    return false;
}

}  // namespace rstwatch::tcp
