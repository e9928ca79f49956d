// SPDX-License-Identifier: Apache-2.0
#include "control/events/failed_attempt.h"

#include <algorithm>

namespace rstwatch::control {
namespace {

void add_revisions(const std::vector<tally::Revision>& revisions, std::vector<FailedAttempt>& failures) {
    for (const tally::Revision& revision : revisions)
        if (revision.to && is_failed(*revision.to) && !is_failed(revision.from))
            failures.push_back({revision.time, revision.client, revision.server, *revision.to});
}

}  // namespace

std::vector<FailedAttempt> failures_of(const MergedInterval& interval) {
    std::vector<FailedAttempt> failures;
    for (const tally::Sighting& sighting : interval.sightings) {
        if (sighting.kind == tally::accepted_kind) continue;
        const auto outcome = static_cast<tally::Outcome>(sighting.kind);
        if (is_failed(outcome)) failures.push_back({sighting.time, sighting.client, sighting.server, outcome});
    }
    add_revisions(interval.revisions, failures);
    add_revisions(interval.assumed, failures);
    std::ranges::sort(failures);  // the cores' come one core after the other
    return failures;
}

}  // namespace rstwatch::control
