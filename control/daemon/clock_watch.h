// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <optional>

#include "dataplane/dataplane.h"

namespace rstwatch::control {

/// Has packet time of live ports disciplined once a second, and says in the log when somebody has set the wall clock.
/// Control thread, but for wall_offset().
class ClockWatch {
  public:
    explicit ClockWatch(Dataplane& dataplane) : dataplane_(dataplane) { discipline(); }

    /// To be called often.
    void follow();

    /// Nothing in a replay.
    const std::optional<tally::ClockStatus>& status() const { return status_; }

    /// Any thread: microseconds that the wall clock is ahead of packet time.
    std::int64_t wall_offset() const { return wall_offset_.load(std::memory_order_relaxed); }

  private:
    using Clock = std::chrono::steady_clock;

    void discipline();

    Dataplane& dataplane_;
    std::optional<tally::ClockStatus> status_;
    std::atomic<std::int64_t> wall_offset_{0};  // control: wo
    Clock::time_point next_;
};

}  // namespace rstwatch::control
