// SPDX-License-Identifier: Apache-2.0
#include "control/merge/merged_interval.h"

#include <utility>

namespace rstwatch::control {

void MergedInterval::clear() {
    MergedInterval fresh;
    const auto keep_room = [&](auto MergedInterval::*list) {
        (this->*list).clear();
        (fresh.*list).swap(this->*list);
    };
    keep_room(&MergedInterval::destinations);
    keep_room(&MergedInterval::clients);
    keep_room(&MergedInterval::contacts);
    keep_room(&MergedInterval::sightings);
    keep_room(&MergedInterval::records);
    keep_room(&MergedInterval::revisions);
    keep_room(&MergedInterval::identifications);
    keep_room(&MergedInterval::client_revisions);
    keep_room(&MergedInterval::assumed);
    *this = std::move(fresh);
}

void set_outcome(MergedInterval& interval, tally::AttemptRecord& record, tally::Outcome outcome) {
    --interval.outcomes.final[tally::index(record.outcome)];
    ++interval.outcomes.final[tally::index(outcome)];
    record.outcome = outcome;
}

void add(tally::OutcomeTotals& to, const tally::OutcomeTotals& from) {
    for (std::size_t i = 0; i < tally::outcome_count; ++i) {
        to.first[i] += from.first[i];
        to.final[i] += from.final[i];
    }
    to.attempts += from.attempts;
    to.accepted += from.accepted;
    to.two_sided += from.two_sided;
    for (std::size_t side = 0; side < to.one_sided.size(); ++side) to.one_sided[side] += from.one_sided[side];
}

void add(tally::Losses& to, const tally::Losses& from) {
    to.connections_evicted += from.connections_evicted;
    to.connections_overflowed += from.connections_overflowed;
    to.records_dropped += from.records_dropped;
    to.sightings_dropped += from.sightings_dropped;
    to.contacts_dropped += from.contacts_dropped;
    to.revisions_dropped += from.revisions_dropped;
    to.identifications_dropped += from.identifications_dropped;
    to.services_forgotten += from.services_forgotten;
    to.payloads_forgotten += from.payloads_forgotten;
    to.segments_forgotten += from.segments_forgotten;
    to.datagrams_evicted += from.datagrams_evicted;
    to.datagrams_timed_out += from.datagrams_timed_out;
    to.forward_dropped += from.forward_dropped;
}

}  // namespace rstwatch::control
