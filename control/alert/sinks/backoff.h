// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <random>

namespace rstwatch::control {

/// How long to wait before the next try: twice as long each time, up to a limit, and a random share of up to half less,
/// so that many who failed together do not come back together.
class Backoff {
  public:
    struct Range {
        std::chrono::milliseconds first{1'000};
        std::chrono::milliseconds longest{60'000};
    };

    Backoff(Range range, std::uint32_t seed) : range_(range), next_(range.first), random_(seed) {}

    std::chrono::milliseconds next();
    void reset() { next_ = range_.first; }

  private:
    Range range_;
    std::chrono::milliseconds next_;
    std::minstd_rand random_;
};

}  // namespace rstwatch::control
