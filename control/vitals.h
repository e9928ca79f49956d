// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace rstwatch::control {

/// Whether those move who have to: the control thread, and every RX core. Control notes it some times a second; who
/// supervises the daemon asks.
class Vitals {
  public:
    using Clock = std::chrono::steady_clock;

    /// Control thread. `polls`: rounds of each RX core's loop so far; empty for a replay, whose cores may wait.
    void beat(Clock::time_point now, const std::vector<std::uint64_t>& polls);

    /// The work is done: nobody has to move any more.
    void rest();

    /// Control has failed for good; `sentence` says why.
    void fail(const std::string& sentence);

    /// Any thread: what does not move, a sentence each. Nothing before the first beat.
    std::vector<std::string> what_stands_still(Clock::time_point now) const;

  private:
    struct Core {
        std::uint64_t polls;
        Clock::time_point moved;
    };

    mutable std::mutex mutex_;  // of everything below, for as long as it takes to copy it
    std::optional<Clock::time_point> beat_;
    std::vector<Core> cores_;
    std::string failure_;
};

}  // namespace rstwatch::control
