// SPDX-License-Identifier: Apache-2.0
#include "control/merge/merged_interval.h"

namespace rstwatch::control {

void add(tally::OutcomeTotals& to, const tally::OutcomeTotals& from) {
    for (std::size_t i = 0; i < tally::outcome_count; ++i) {
        to.first[i] += from.first[i];
        to.final[i] += from.final[i];
    }
    to.attempts += from.attempts;
    to.accepted += from.accepted;
}

void add(tally::Losses& to, const tally::Losses& from) {
    to.connections_evicted += from.connections_evicted;
    to.connections_overflowed += from.connections_overflowed;
    to.records_dropped += from.records_dropped;
    to.sightings_dropped += from.sightings_dropped;
    to.revisions_dropped += from.revisions_dropped;
    to.forward_dropped += from.forward_dropped;
}

}  // namespace rstwatch::control
