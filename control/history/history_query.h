// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "control/snapshot.h"
#include "control/store/store_reader.h"

namespace rstwatch::control {

struct HistoryQuery {
    tally::Interval from = 0, until = 0;  ///< seconds since the epoch: [from, until), not empty
    std::optional<std::uint64_t> step;    ///< seconds, one of history_steps; none: chosen
    Subject subject;
};

/// Lengths of a step that can be asked for. Below a minute only memory has them.
inline constexpr std::array<std::uint64_t, 6> history_steps{1, 10, 60, 600, 3600, 86400};
inline constexpr std::uint64_t most_history_points = 10000;
/// What is aimed at where the step is chosen: more do not fit on a screen.
inline constexpr std::uint64_t enough_history_points = 1000;

/// A stretch of which nothing is known.
struct HistoryGap {
    tally::Interval from = 0, until = 0;
    bool before_records = false;  ///< else records go back further: the daemon did not run
};

struct HistoryAnswer {
    std::uint64_t step = 1;
    tally::Interval from = 0, until = 0;  ///< whole steps
    bool from_store = false;              ///< some of it
    std::vector<std::pair<tally::Interval, HistoryPoint>> points;
    std::vector<HistoryGap> gaps;
};

/// More points than are served: how many it would be, and the least step that would do.
struct TooManyPoints {
    std::uint64_t step = 0, points = 0, better_step = 0;  ///< better_step 0: none is long enough
};

/// Answers from memory what memory reaches back to, and from the store what is older. The network is in memory for
/// hours, services and hosts for as long as the window is.
std::variant<HistoryAnswer, TooManyPoints, StoreTrouble> query_history(const Snapshot& snapshot, StoreReader& reader,
                                                                       const HistoryQuery& query);

}  // namespace rstwatch::control
