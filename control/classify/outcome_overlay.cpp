// SPDX-License-Identifier: Apache-2.0
#include "control/classify/outcome_overlay.h"

#include <algorithm>
#include <cstdlib>

namespace rstwatch::control {

using tally::Outcome;

std::int64_t OutcomeOverlay::apply(OutcomeSums& sums) const {
    std::int64_t gained = 0;
    for (const Outcome from : tally::all_outcomes()) {
        for (const Outcome to : tally::all_outcomes()) {
            const std::int64_t wanted = moved(from, to);
            if (wanted == 0) continue;
            const Outcome source = wanted > 0 ? from : to, sink = wanted > 0 ? to : from;
            const auto count = std::min(sums[tally::index(source)], static_cast<std::uint64_t>(std::abs(wanted)));
            sums[tally::index(source)] -= count;
            sums[tally::index(sink)] += count;
            gained += static_cast<std::int64_t>(count) * (int{is_attempt(sink)} - int{is_attempt(source)});
        }
    }
    return gained;
}

}  // namespace rstwatch::control
