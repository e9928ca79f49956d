// SPDX-License-Identifier: Apache-2.0
#include "dataplane/clock_discipline.h"

#include <algorithm>
#include <cmath>

namespace rstwatch {
namespace {

constexpr std::int64_t step_threshold = 128'000'000;  // ns
constexpr double fastest_slew = 500e-6;
/// Within which a small error is slewed away. More than twice the longest pause of whoever calls, lest the correction
/// overshoot.
constexpr double slew_horizon = 64e9;  // ns
/// Beyond it, it was not the same counter any more, or it stood still.
constexpr double largest_change_of_pace = 0.1;

std::uint64_t fixed_point(double nanoseconds_per_tick) {
    return static_cast<std::uint64_t>(std::llround(std::ldexp(nanoseconds_per_tick, ClockLine::fraction_bits)));
}

}  // namespace

ClockDiscipline::ClockDiscipline(const ClockSample& first, double ticks_per_second)
    : last_(first),
      line_{first.ticks, first.wall, fixed_point(1e9 / ticks_per_second)},
      nanoseconds_per_tick_(1e9 / ticks_per_second) {
    status_.ticks_per_second = ticks_per_second;
}

void ClockDiscipline::follow(const ClockSample& sample) {
    if (sample.monotonic <= last_.monotonic) return;
    note_step_of_wall(sample);
    const std::int64_t now = measure(sample);
    const auto behind = static_cast<double>(sample.wall - held_apart_ - now);
    const double slew = std::clamp(behind / slew_horizon, -fastest_slew, fastest_slew);
    line_ = {sample.ticks, now, fixed_point(nanoseconds_per_tick_ * (1 + slew))};
    last_ = sample;
    status_.wall_offset = (sample.wall - now) / 1000;
    status_.ticks_per_second = 1e9 / nanoseconds_per_tick_;
    status_.slewed_per_million = slew * 1e6;
}

/// Whoever disciplines the machine's clocks slews both alike; what moves the wall clock alone has set it.
void ClockDiscipline::note_step_of_wall(const ClockSample& sample) {
    const std::int64_t step = (sample.wall - last_.wall) - (sample.monotonic - last_.monotonic);
    if (std::abs(step) < step_threshold) return;
    held_apart_ += step;
    ++status_.steps;
    status_.last_step = step / 1000;
    status_.last_step_at = static_cast<tally::Time>(line_.at(sample.ticks)) / 1000;
}

/// How long a tick takes by now. Returns packet time, which goes on at its old pace where the ticks themselves jump.
std::int64_t ClockDiscipline::measure(const ClockSample& sample) {
    const std::int64_t passed = sample.monotonic - last_.monotonic;
    const auto ticks = static_cast<double>(static_cast<std::int64_t>(sample.ticks - last_.ticks));
    const double measured = static_cast<double>(passed) / ticks;
    const std::int64_t by_ticks = line_.at(sample.ticks);
    if (ticks > 0 && std::abs(measured / nanoseconds_per_tick_ - 1) <= largest_change_of_pace) {
        nanoseconds_per_tick_ = measured;
        return by_ticks;
    }
    // What has been shown cannot be taken back: ahead of its time it stays ahead.
    const std::int64_t now = std::max(by_ticks, line_.nanoseconds + passed);
    held_apart_ = sample.wall - now;
    ++status_.tick_jumps;
    return now;
}

}  // namespace rstwatch
