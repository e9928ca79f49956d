// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "config/settings.h"
#include "control/history/count_change.h"
#include "control/history/history_ring.h"
#include "control/merge/merged_interval.h"

namespace rstwatch::control {

/// All resolutions, from the finest to the coarsest, as of one moment.
using HistoryViews = std::array<HistoryView, 3>;

/// Rates by outcome of the whole network, second by second and rolled up to 10 s and to minutes, in bounded memory.
/// Every resolution counts the same, so the sum over any stretch that all of them hold is equal. Control thread only.
class History {
  public:
    explicit History(const config::Settings::History& settings);

    /// Counts an interval after classification: what began, was accepted and was judged in it, and the changes that
    /// were made in it, each in the interval of the verdict that it changes. The daemon is taken to have run since
    /// `from`, without a packet.
    void add(const MergedInterval& interval, tally::Interval from, const std::vector<CountChange>& changes);

    HistoryViews views();

    /// Changes of verdicts that no ring holds any more.
    std::uint64_t changes_too_late() const { return changes_too_late_; }

  private:
    void apply(const CountChange& change);

    std::array<HistoryRing, 3> rings_;
    std::uint64_t changes_too_late_ = 0;
};

}  // namespace rstwatch::control
