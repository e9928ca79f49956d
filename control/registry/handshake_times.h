// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "dataplane/tally/time.h"

namespace rstwatch::control {

/// How long the last handshakes of a service took, from the client's first SYN to its acknowledgement. Control thread
/// only.
class HandshakeTimes {
  public:
    static constexpr std::size_t kept = 15;  // odd: the median is one of them

    void add(tally::Time took) {
        times_[next_] = static_cast<std::uint32_t>(std::min<tally::Time>(took, ~std::uint32_t{0}));
        next_ = (next_ + 1) % kept;
        count_ = std::min(count_ + 1, kept);
    }

    std::size_t count() const { return count_; }

    /// In microseconds; of an even number the lower one of the two in the middle. 0 if there was none.
    tally::Time median() const {
        if (count_ == 0) return 0;
        std::array<std::uint32_t, kept> sorted = times_;
        const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>((count_ - 1) / 2);
        std::nth_element(sorted.begin(), middle, sorted.begin() + static_cast<std::ptrdiff_t>(count_));
        return *middle;
    }

  private:
    std::array<std::uint32_t, kept> times_{};
    std::size_t next_ = 0;
    std::size_t count_ = 0;
};

}  // namespace rstwatch::control
