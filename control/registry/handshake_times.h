// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/tally/time.h"

namespace rstwatch::control {

/// Of an even number the lower one of the two in the middle. There must be one.
inline std::uint32_t lower_median(std::vector<std::uint32_t> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}

/// How long the last handshakes of a service took, from the client's first SYN to its acknowledgement. Control thread
/// only.
class HandshakeTimes {
  public:
    static constexpr std::size_t kept = 15;

    void add(tally::Time took) {
        times_[next_] = static_cast<std::uint32_t>(std::min<tally::Time>(took, ~std::uint32_t{0}));
        next_ = (next_ + 1) % kept;
        count_ = std::min(count_ + 1, kept);
    }

    /// In microseconds, in no order.
    std::span<const std::uint32_t> samples() const { return std::span(times_).first(count_); }

  private:
    std::array<std::uint32_t, kept> times_{};
    std::size_t next_ = 0;
    std::size_t count_ = 0;
};

}  // namespace rstwatch::control
