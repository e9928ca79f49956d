// SPDX-License-Identifier: Apache-2.0
#include "dataplane/live_clock.h"

#include <rte_cycles.h>

#include <ctime>

namespace rstwatch {
namespace {
__extension__ using Wide = unsigned __int128;
constexpr unsigned fraction_bits = 40;
}  // namespace

LiveClock::LiveClock() : anchor_ticks_(rte_rdtsc()) {
    timespec wall{};
    clock_gettime(CLOCK_REALTIME, &wall);
    anchor_ = static_cast<tally::Time>(wall.tv_sec) * tally::second + static_cast<tally::Time>(wall.tv_nsec) / 1000;
    microseconds_per_tick_ = (tally::second << fraction_bits) / rte_get_tsc_hz();
}

tally::Time LiveClock::now() const {
    const std::uint64_t ticks = rte_rdtsc() - anchor_ticks_;
    return anchor_ + static_cast<tally::Time>((static_cast<Wide>(ticks) * microseconds_per_tick_) >> fraction_bits);
}

}  // namespace rstwatch
