// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <vector>

#include "control/classify/unseen_direction.h"
#include "control/merge/merged_interval.h"

namespace rstwatch::control {

/// A verdict that was counted in an earlier interval, or in this one, and is now another.
struct CountChange {
    tally::Revision revision;
    int attempts = 0;             ///< +1: is an attempt from now on; -1: is none any more
    bool of_client_only = false;  ///< what is counted for the destination is right already
};

/// All that changes what was counted: revisions, and what is assumed of a direction that the mirror does not show.
/// Remembers assumptions until they are given up, in bounded memory. Control thread only.
class CountChanges {
  public:
    explicit CountChanges(std::size_t most_assumed = 65536) : most_assumed_(most_assumed) {}

    /// The changes made in an interval; `assumptions` are those that hold at its end.
    std::vector<CountChange> of(const MergedInterval& interval, const Assumptions& assumptions);

    /// Assumed verdicts that can not be taken back any more, for want of room to remember them.
    std::uint64_t forgotten() const { return forgotten_; }

  private:
    void take_back(const Assumptions& assumptions, std::vector<CountChange>& changes);

    std::size_t most_assumed_;
    std::deque<tally::Revision> assumed_;
    std::size_t flooded_ = 0;  // clients of whom nothing is assumed
    std::uint64_t forgotten_ = 0;
};

}  // namespace rstwatch::control
