// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rstwatch::tcp {

/// Says of nearly every segment without a look into the connection table whether its connection wants it. Never wrong
/// when it says no: a counter for each hash value, so that connections that share one do not take it from each other
/// (Fan, Cao, Almeida and Broder 2000). 128 KiB, which stay in the core's cache. Owned by one core.
class WantedFilter {
  public:
    WantedFilter() : counts_(size) {}

    bool has(std::uint64_t digest) const { return counts_[digest % size] != 0; }

    void add(std::uint64_t digest) {
        std::uint16_t& count = counts_[digest % size];
        if (count != full) ++count;
    }

    /// A counter that was ever full stays: how many it stands for is no longer known.
    void remove(std::uint64_t digest) {
        std::uint16_t& count = counts_[digest % size];
        if (count != full) --count;
    }

  private:
    static constexpr std::size_t size = 65536;
    static constexpr std::uint16_t full = 0xffff;

    std::vector<std::uint16_t> counts_;
};

}  // namespace rstwatch::tcp
