// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataplane/packet/packet_view.h"
#include "dataplane/tally/time.h"
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

    void prefetch(const packet::PacketView& view, const Digest& digest) const;

    /// True if the segment is a copy of one that was seen just before; else remembers it. `time` never runs backwards.
    bool is_copy(const packet::PacketView& view, const Digest& digest, tally::Time time);

    static constexpr std::size_t capacity() { return set_count * set_size; }

    /// How often a segment was forgotten before its time: a copy of it would not have been recognised.
    std::uint64_t overflowed() const { return overflowed_; }

  private:
    static constexpr std::size_t set_size = 4;  // one cache line
    static constexpr std::size_t set_count = 4096;

    struct Remembered {
        std::uint64_t digest = 0;
        std::uint64_t time_and_ttl = 0;  ///< the time in the upper 56 bits; 0: nothing
    };
    struct alignas(64) Set {
        Remembered segments[set_size];
    };

    DuplicateLimits limits_;
    std::vector<Set> sets_;
    std::uint64_t overflowed_ = 0;
};

}  // namespace rstwatch::tcp
