// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "control/merge/merged_interval.h"

namespace rstwatch::control {

/// One connection attempt at the moment at which it is known to have failed.
struct FailedAttempt {
    tally::Time time = 0;
    tally::Endpoint client;
    tally::Endpoint server;
    tally::Outcome outcome = tally::Outcome::undetermined;

    auto operator<=>(const FailedAttempt&) const = default;
};

/// The attempts that became failed ones in `interval`, which control has judged, in the order of time, client and
/// server: those whose first verdict is one of failure, and those that a revision made one. A verdict that is taken
/// back later has been told; an attempt whose failure only changes its name is not told again.
std::vector<FailedAttempt> failures_of(const MergedInterval& interval);

}  // namespace rstwatch::control
