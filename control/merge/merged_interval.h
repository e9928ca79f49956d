// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <vector>

#include "dataplane/tally/interval_bank.h"

namespace rstwatch::control {

/// What all cores counted in one interval, complete: no core will add to it any more.
struct MergedInterval {
    tally::Interval interval = 0;
    tally::Time first_packet = 0;  ///< meaningful when packets.received > 0
    tally::Time last_packet = 0;   ///< likewise
    tally::PacketTotals packets;
    tally::OutcomeTotals outcomes;
    tally::Losses losses;
    std::map<unsigned, tally::Gauges> gauges;  ///< by core, as they stood at its end
    bool at_control_depth = false;             ///< a core did not look every segment up all the time
    std::uint64_t late_merges = 0;             ///< banks that held more than this interval
    std::uint64_t destinations_other = 0;      ///< verdicts without a row, because a bank's table was full
    std::uint64_t destinations_overflowed = 0;
    std::uint64_t destinations_missed = 0;  ///< the most that any one destination can have among destinations_other
    std::uint64_t clients_other = 0;
    std::uint64_t clients_overflowed = 0;
    std::uint64_t clients_missed = 0;  ///< the most that any one client can have among clients_other
    std::vector<tally::Row> destinations;
    std::vector<tally::Row> clients;
    std::vector<tally::Sighting> contacts;
    std::vector<tally::Sighting> sightings;
    std::vector<tally::AttemptRecord> records;
    std::vector<tally::Revision> revisions;
    std::vector<tally::Identification> identifications;
    /// Of verdicts that the row of their destination has right already, and that of their client not; to be applied
    /// before `revisions`.
    std::vector<tally::Revision> client_revisions;
    /// Of verdicts of this interval, as long as UnseenDirection's assumptions hold. Registry and totals have them.
    std::vector<tally::Revision> assumed;

    /// As if it were new, but for the room that its lists have.
    void clear();
};

/// Changes the outcome of a record of `interval`, and the sum of final ones that it is part of.
void set_outcome(MergedInterval& interval, tally::AttemptRecord& record, tally::Outcome outcome);

void add(tally::OutcomeTotals& to, const tally::OutcomeTotals& from);
void add(tally::Losses& to, const tally::Losses& from);

}  // namespace rstwatch::control
