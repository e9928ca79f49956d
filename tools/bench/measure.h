// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "tools/bench/stages.h"
#include "tools/bench/traffic.h"

namespace rstwatch::bench {

struct Effort {
    std::uint64_t packets = 2'000'000;  ///< of one run
    unsigned runs = 7;
    bool cold = false;                ///< packets lie in memory when the clock starts, not in the cache
    double packets_per_second = 5e6;  ///< of packet time: how often deadlines and intervals come
};

/// Cycles of the time stamp counter per packet, of each run.
struct Cycles {
    std::vector<double> runs;
    std::uint64_t digest = 0;    ///< of all that was seen; the same for every build
    std::uint64_t huge_mib = 0;  ///< of the program's memory in huge pages; 0 also where the kernel does not say

    double least() const;
    double median() const;
};

/// Runs one stage over one mix. Making packets, and what another core would do, is not timed; nor are the packets that
/// open connections for data to be sent on, and as many as the tables have room for before the first run.
Cycles measure(Stage stage, const Mix& mix, const Conditions& conditions, const Effort& effort);

}  // namespace rstwatch::bench
