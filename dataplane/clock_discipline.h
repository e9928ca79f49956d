// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "dataplane/clock_line.h"
#include "dataplane/tally/clock_status.h"

namespace rstwatch {

/// What the machine's clocks showed at one moment.
struct ClockSample {
    std::uint64_t ticks = 0;     ///< of the counter that cores read
    std::int64_t monotonic = 0;  ///< nanoseconds: slewed like the wall clock, and never set
    std::int64_t wall = 0;       ///< nanoseconds since the epoch
};

/// Keeps packet time at the wall clock's pace. Packet time begins as the wall clock and never steps. How long a tick
/// takes is measured against the monotonic clock; what packet time has gained or lost is slewed away, by 500 ppm at
/// most (as adjtime does it; RFC 5905 section 11.3). If the wall clock is set by RFC 5905's step threshold of 128 ms or
/// more, packet time does not follow: the step is counted, and stays as an offset between the two.
class ClockDiscipline {
  public:
    /// `ticks_per_second`: about, until it has been measured.
    ClockDiscipline(const ClockSample& first, double ticks_per_second);

    /// To be called about once a second; nothing depends on how regularly.
    void follow(const ClockSample& sample);

    const ClockLine& line() const { return line_; }
    const tally::ClockStatus& status() const { return status_; }

  private:
    void note_step_of_wall(const ClockSample& sample);
    std::int64_t measure(const ClockSample& sample);

    ClockSample last_;
    ClockLine line_;
    double nanoseconds_per_tick_;
    std::int64_t held_apart_ = 0;  // sum of the steps, in nanoseconds: the wall clock without it is what is followed
    tally::ClockStatus status_;
};

}  // namespace rstwatch
