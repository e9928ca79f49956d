// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rte_cycles.h>

#include "dataplane/clock_discipline.h"

namespace rstwatch {

/// The counter that live cores read: the TSC.
struct TscTicks {
    std::uint64_t operator()() const { return rte_rdtsc(); }
};

/// What the machine's clocks show now, as close to one moment as can be had.
ClockSample read_machine_clocks();

}  // namespace rstwatch
