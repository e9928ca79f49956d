// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/tally/outcome.h"

namespace rstwatch::control {

/// What was counted in one step of time.
struct HistoryPoint {
    std::uint64_t seconds = 0;  ///< of the step in which the daemon ran; 0: nothing is known of it
    std::uint64_t packets = 0;
    std::uint64_t attempts = 0;  ///< begun in it
    std::uint64_t accepted = 0;  ///< handshakes completed in it
    /// Of `seconds`, in which not every segment was looked up: some outcomes may be missing.
    std::uint64_t control_depth_seconds = 0;
    /// By what they came to, counted when that was first known; later revisions included.
    std::array<std::uint64_t, tally::outcome_count> outcomes{};

    void add(const HistoryPoint& more) {
        seconds += more.seconds;
        packets += more.packets;
        attempts += more.attempts;
        accepted += more.accepted;
        control_depth_seconds += more.control_depth_seconds;
        for (std::size_t i = 0; i < outcomes.size(); ++i) outcomes[i] += more.outcomes[i];
    }

    std::uint64_t failed() const {
        std::uint64_t sum = 0;
        for (const tally::Outcome outcome : tally::all_outcomes())
            if (tally::is_failed(outcome)) sum += outcomes[tally::index(outcome)];
        return sum;
    }

    bool operator==(const HistoryPoint&) const = default;
};

}  // namespace rstwatch::control
