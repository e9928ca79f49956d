// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "dataplane/clock_line.h"
#include "dataplane/tally/time.h"

namespace rstwatch {

/// Packet time of one live core: the line that all of them follow, over a counter that is cheap to read. Never goes
/// back. `Ticks` is called without arguments for the counter's reading.
template <typename Ticks>
class LiveClock {
  public:
    /// `shared` outlives it; null for a core that never asks.
    explicit LiveClock(const SharedClockLine* shared, Ticks ticks = Ticks()) : shared_(shared), ticks_(ticks) {}

    /// One reading of the counter; meant once per burst.
    tally::Time now() {
        shared_->update(version_, line_);
        last_ = std::max(last_, static_cast<tally::Time>(line_.at(ticks_())) / 1000);
        return last_;
    }

  private:
    const SharedClockLine* shared_;
    Ticks ticks_;
    std::uint64_t version_ = 0;
    ClockLine line_;
    tally::Time last_ = 0;
};

}  // namespace rstwatch
