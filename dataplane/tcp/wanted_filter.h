// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataplane/packet/plain_segment.h"

namespace rstwatch::tcp {

/// Says of nearly every segment, before it is parsed and hashed, whether its connection wants it. Never wrong when it
/// says no: a counter for each hash value, so that connections that share one do not take it from each other (Fan, Cao,
/// Almeida and Broder 2000). Whoever makes connections share one gains nothing but that their segments are looked up,
/// as at depth "full": no secret is needed. 128 KiB, which stay in the core's cache. Owned by one core.
class WantedFilter {
  public:
    WantedFilter() : counts_(size) {}

    bool has(const packet::TupleFold& tuple) const { return counts_[place_of(tuple)] != 0; }

    void add(const packet::TupleFold& tuple) {
        std::uint16_t& count = counts_[place_of(tuple)];
        if (count != full) ++count;
    }

    /// A counter that was ever full stays: how many it stands for is no longer known.
    void remove(const packet::TupleFold& tuple) {
        std::uint16_t& count = counts_[place_of(tuple)];
        if (count != full) --count;
    }

  private:
    static constexpr std::size_t size = 65536;
    static constexpr std::uint16_t full = 0xffff;

    /// Fibonacci hashing (Knuth, TAOCP vol. 3, 6.4): of the product the highest bits depend on all others.
    static std::size_t place_of(const packet::TupleFold& tuple) {
        return ((tuple.addresses ^ tuple.ports) * 0x9e3779b97f4a7c15U) >> 48;
    }

    std::vector<std::uint16_t> counts_;
};

}  // namespace rstwatch::tcp
