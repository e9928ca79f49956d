// SPDX-License-Identifier: Apache-2.0
#include "dataplane/machine_clocks.h"

#include <ctime>
#include <limits>

namespace rstwatch {
namespace {

constexpr unsigned tries = 5;

std::int64_t read(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

/// Whoever is interrupted between two clocks takes the time in between for drift; the quickest of some tries was not.
ClockSample read_machine_clocks() {
    ClockSample best;
    std::uint64_t shortest = std::numeric_limits<std::uint64_t>::max();
    for (unsigned i = 0; i < tries; ++i) {
        const std::uint64_t before = rte_rdtsc_precise();
        const std::int64_t monotonic = read(CLOCK_MONOTONIC), wall = read(CLOCK_REALTIME);
        const std::uint64_t taken = rte_rdtsc_precise() - before;
        if (taken >= shortest) continue;
        shortest = taken;
        best = {before + taken / 2, monotonic, wall};
    }
    return best;
}

}  // namespace rstwatch
