// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/tally/interval_bank.h"
#include "dataplane/tally/time.h"

namespace rstwatch {

/// Decides how deep a live core looks: control depth while packets come faster than all of them can be looked up, so
/// that none has to be lost. Owned by that core; asked once per round of its loop.
class DepthGovernor {
  public:
    /// `backlog`: packets in a row, none of whose polls emptied its queue, that say that the core falls behind.
    explicit DepthGovernor(std::size_t backlog) : backlog_(backlog) {}

    /// A round at `now` brought `packets`; `more`: at least one queue is likely to hold more, since it filled a burst.
    void note(std::size_t packets, bool more, tally::Time now);

    /// True if the core has fallen behind by as much as it may; the caller may know from the device that it has not.
    bool is_behind() const { return depth_ == tally::Depth::full && row_packets_ >= backlog_; }

    /// The core has fallen behind indeed: control depth from here on.
    void fall(tally::Time now);

    /// It has not: the row of full bursts begins anew.
    void stay() { row_packets_ = 0; }

    /// True if it has been calm for long enough at control depth: full depth again.
    bool may_return(tally::Time now);

    tally::Depth depth() const { return depth_; }

  private:
    void judge_second(tally::Time now);

    std::size_t backlog_;
    tally::Depth depth_ = tally::Depth::full;
    std::size_t row_packets_ = 0;   // since a poll last emptied its queue
    tally::Time row_began_ = 0;     // likewise
    double cost_ = 0;               // microseconds that a packet took at full depth when the core last fell behind
    tally::Time second_began_ = 0;  // of what is judged at control depth
    std::size_t second_packets_ = 0;
    unsigned calm_seconds_ = 0;  // in a row
    unsigned calm_needed_ = 1;   // doubles if full depth did not last
    tally::Time returned_ = 0;
};

}  // namespace rstwatch
