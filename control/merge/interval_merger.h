// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "control/merge/merged_interval.h"
#include "dataplane/tally/bank_exchange.h"

namespace rstwatch::control {

/// What one core has lost so far.
struct CoreLosses {
    std::uint64_t forward_dropped = 0;  ///< packets that did not fit into the ring to their owner
    std::uint64_t records_dropped = 0;
    std::uint64_t late_merges = 0;  ///< banks that held more than their interval
};

/// Collects the cores' banks and releases each interval once every core's watermark has passed it, in order. The order
/// of its records does not depend on how connections were spread over cores: they are sorted by time and tuple.
/// Used by the control thread alone.
class IntervalMerger {
  public:
    using Sink = std::function<void(MergedInterval&)>;

    IntervalMerger(std::vector<std::unique_ptr<tally::BankExchange>>& exchanges, Sink sink);

    /// Takes what the cores have handed over; returns the number of banks.
    std::size_t poll();

    /// Takes what the cores have handed over and throws it away; true when all cores have finished.
    bool drain();

    /// True when every core has finished and every interval has been released.
    bool finished() const { return finished_; }

    /// Sum over the cores, as of the last interval released.
    tally::Gauges gauges() const;

    /// By core.
    const std::vector<CoreLosses>& losses() const { return losses_; }

  private:
    void absorb(const tally::IntervalBank& bank);
    MergedInterval& pending(tally::Interval interval);
    void release(tally::Interval watermark);

    std::vector<std::unique_ptr<tally::BankExchange>>& exchanges_;
    Sink sink_;
    using Pending = std::map<tally::Interval, MergedInterval>;

    Pending pending_;
    Pending::node_type spare_;           // cleared
    std::vector<tally::Gauges> gauges_;  // by core
    std::vector<CoreLosses> losses_;     // by core
    bool finished_ = false;
};

}  // namespace rstwatch::control
