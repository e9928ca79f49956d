// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

namespace rstwatch::control {

/// Which share of its time a core was busy within the last ten seconds of its own clock: what tells that it is close to
/// losing packets before it does. Control thread only.
class BusyShare {
  public:
    /// Both in microseconds since the start. The share, from 0 to 1; none as long as no time has passed.
    std::optional<double> add(std::uint64_t busy, std::uint64_t elapsed);

  private:
    struct Sample {
        std::uint64_t busy;
        std::uint64_t elapsed;
    };

    std::deque<Sample> samples_;  // of the last ten seconds, and the one before them
};

}  // namespace rstwatch::control
