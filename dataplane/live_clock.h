// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "dataplane/tally/time.h"

namespace rstwatch {

/// Time of a live core: the TSC, anchored once to wall time. Never steps, whatever is done to the system's clock.
class LiveClock {
  public:
    LiveClock();

    /// One TSC read; meant once per burst.
    tally::Time now() const;

  private:
    tally::Time anchor_;
    std::uint64_t anchor_ticks_;
    std::uint64_t microseconds_per_tick_;  // fixed point, 2^-40
};

}  // namespace rstwatch
