// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "dataplane/tally/time.h"

namespace rstwatch::tally {

/// How packet time of a live port stands to the machine's clock. Durations are in microseconds.
struct ClockStatus {
    std::int64_t wall_offset = 0;   ///< what the wall clock is ahead of packet time; negative: behind
    std::uint64_t steps = 0;        ///< times the wall clock was set by more than is slewed away
    std::int64_t last_step = 0;     ///< by how much it was set last; negative: back
    Time last_step_at = 0;          ///< packet time; 0: never
    std::uint64_t tick_jumps = 0;   ///< times the tick counter did not go on as before: suspended, or migrated
    double ticks_per_second = 0;    ///< as measured last
    double slewed_per_million = 0;  ///< by which packet time runs faster now than the machine's seconds, in ppm
};

}  // namespace rstwatch::tally
