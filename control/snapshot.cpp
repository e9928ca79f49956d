// SPDX-License-Identifier: Apache-2.0
#include "control/snapshot.h"

#include <algorithm>

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

bool Snapshot::at_control_depth() const {
    return replay ? control_depth : std::ranges::any_of(cores, &CoreState::at_control_depth);
}

/// The packets' clock at the time of the question: since the publication it has gone on as ours has.
double Snapshot::age(tally::Time time, std::chrono::steady_clock::time_point asked) const {
    const double before = static_cast<double>(now()) - static_cast<double>(time);
    return before / static_cast<double>(tally::second) + std::chrono::duration<double>(asked - published).count();
}

}  // namespace rstwatch::control
