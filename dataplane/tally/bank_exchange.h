// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <limits>
#include <memory>
#include <vector>

#include "dataplane/tally/doorbell.h"
#include "dataplane/tally/interval_bank.h"
#include "dataplane/tally/spsc_ring.h"

namespace rstwatch::tally {

/// The two rings over which one core and control pass banks back and forth, and the core's watermark.
///
/// The core hands a full bank over before it raises its watermark past the bank's interval; control reads the watermark
/// first and the ring afterwards: whatever interval the watermark has passed, its banks are then already in hand.
class BankExchange {
  public:
    /// No packet and no deadline of an interval below the watermark will be counted any more; this one: of none at all.
    static constexpr Interval finished = std::numeric_limits<Interval>::max();

    /// `doorbell`: of a replay, rung when control may have something to take; outlives this. Null: control looks by
    /// itself.
    BankExchange(unsigned core, std::size_t banks, const BankCapacity& capacity, Doorbell* doorbell = nullptr);

    // The core's side.
    [[nodiscard]] IntervalBank* take_empty() { return empty_.pop(); }
    void hand_over(IntervalBank* bank);
    void raise_watermark(Interval interval);
    /// Sleeps until control has given a bank back since `seen` was read; returns the new count.
    std::uint32_t wait_for_return(std::uint32_t seen) const;
    std::uint32_t returned() const { return returned_.load(std::memory_order_acquire); }

    // Control's side.
    [[nodiscard]] IntervalBank* take_full() { return full_.pop(); }
    void give_back(IntervalBank* bank);
    Interval watermark() const { return watermark_.load(std::memory_order_acquire); }

  private:
    void ring() {
        if (doorbell_ != nullptr) doorbell_->ring();
    }

    Doorbell* doorbell_;
    std::vector<std::unique_ptr<IntervalBank>> banks_;  // owns them all, wherever they travel
    SpscRing<IntervalBank> full_;                       // core → control
    SpscRing<IntervalBank> empty_;                      // control → core
    std::atomic<Interval> watermark_{0};                // core: wo, control: ro
    std::atomic<std::uint32_t> returned_{0};            // control: wo, core: ro
};

}  // namespace rstwatch::tally
