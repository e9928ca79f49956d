// SPDX-License-Identifier: Apache-2.0
#include "control/daemon/clock_watch.h"

#include <spdlog/spdlog.h>

#include <cmath>

namespace rstwatch::control {
namespace {

constexpr std::chrono::seconds pace(1);

double in_seconds(std::int64_t microseconds) {
    return static_cast<double>(microseconds) / 1e6;
}

void tell(const tally::ClockStatus& before, const tally::ClockStatus& now) {
    const double offset = in_seconds(now.wall_offset);
    if (now.steps > before.steps)
        spdlog::warn(
            "the wall clock was set {} by {:.3f} s; rates and deadlines go on undisturbed, and times are shown {:.3f} "
            "s "
            "{} it until the daemon is restarted",
            now.last_step < 0 ? "back" : "forward", std::abs(in_seconds(now.last_step)), std::abs(offset),
            offset < 0 ? "ahead of" : "behind");
    if (now.tick_jumps > before.tick_jumps)
        spdlog::warn(
            "the processor's time stamp counter has jumped: was the machine suspended, or moved to another host? Times "
            "are shown {:.3f} s {} the wall clock",
            std::abs(offset), offset < 0 ? "ahead of" : "behind");
}

}  // namespace

void ClockWatch::follow() {
    if (status_ && Clock::now() >= next_) discipline();
}

void ClockWatch::discipline() {
    next_ = Clock::now() + pace;
    const std::optional<tally::ClockStatus> now = dataplane_.discipline_clock();
    if (!now) return;
    if (status_) tell(*status_, *now);
    status_ = now;
    wall_offset_.store(now->wall_offset, std::memory_order_relaxed);
}

}  // namespace rstwatch::control
