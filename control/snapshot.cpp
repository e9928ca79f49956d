// SPDX-License-Identifier: Apache-2.0
#include "control/snapshot.h"

namespace rstwatch::control {

using tally::Outcome;

/// As the cores know it.
OutcomeSums Totals::counted() const {
    OutcomeSums sums = outcomes.final;
    std::uint64_t provisional_attempts = 0;
    for (const Outcome outcome : tally::all_outcomes()) {
        const std::size_t i = tally::index(outcome);
        sums[i] += gauges.provisional[i];
        if (tally::is_attempt(outcome)) provisional_attempts += gauges.provisional[i];
    }
    sums[tally::index(Outcome::open)] += gauges.open;
    sums[tally::index(Outcome::undetermined)] += gauges.pending - provisional_attempts;
    return sums;
}

OutcomeSums Totals::shown() const {
    OutcomeSums sums = counted();
    (void)overlay.apply(sums);
    return sums;
}

std::uint64_t Totals::attempts() const {
    OutcomeSums sums = counted();
    return outcomes.attempts + static_cast<std::uint64_t>(overlay.apply(sums));
}

}  // namespace rstwatch::control
