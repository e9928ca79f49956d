// SPDX-License-Identifier: Apache-2.0
#include "control/snapshot.h"

namespace rstwatch::control {

std::array<std::uint64_t, tally::outcome_count> Totals::shown() const {
    using tally::Outcome;
    std::array<std::uint64_t, tally::outcome_count> shown = outcomes.final;
    std::uint64_t provisional_attempts = 0;
    for (const Outcome outcome : tally::all_outcomes()) {
        const std::size_t i = tally::index(outcome);
        shown[i] += gauges.provisional[i];
        if (tally::is_attempt(outcome)) provisional_attempts += gauges.provisional[i];
    }
    shown[tally::index(Outcome::open)] += gauges.open;
    shown[tally::index(Outcome::undetermined)] += gauges.pending - provisional_attempts;
    shown[tally::index(Outcome::client_cancelled)] -= half_open_overlay;
    shown[tally::index(Outcome::half_open_scan)] += half_open_overlay;
    return shown;
}

}  // namespace rstwatch::control
