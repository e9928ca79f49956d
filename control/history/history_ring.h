// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "control/history/point.h"
#include "dataplane/tally/time.h"

namespace rstwatch::control {

/// Some points in a row. Shared with snapshots, hence replaced rather than changed once it is in one.
struct HistoryBlock {
    static constexpr std::size_t length = 64;
    std::uint64_t number = 0;  ///< its first point is that of step number * length
    std::array<HistoryPoint, length> points{};
};

/// A ring as it stood at one moment: never changes.
struct HistoryView {
    std::uint64_t step_seconds = 1;
    std::uint64_t first = 0, end = 0;                         ///< steps that are kept: [first, end)
    std::vector<std::shared_ptr<const HistoryBlock>> blocks;  ///< in the order of time, without gaps

    bool empty() const { return first == end; }
    /// The point of a step, counted in steps since the epoch; an empty one for what is not kept.
    HistoryPoint at(std::uint64_t step) const;
    /// Seconds since the epoch in which the ring begins and ends.
    tally::Interval from() const { return first * step_seconds; }
    tally::Interval until() const { return end * step_seconds; }
};

/// The last `capacity` points of one step length. Control thread only.
class HistoryRing {
  public:
    HistoryRing(std::uint64_t step_seconds, std::size_t capacity) : step_(step_seconds), capacity_(capacity) {}

    /// Says that the daemon ran from second `from` to before second `until`: without more, nothing was seen in them.
    /// Seconds only ever go forward.
    void cover(tally::Interval from, tally::Interval until);

    /// The point of a second that is still kept, to be changed; null for one that is not.
    HistoryPoint* find(tally::Interval second);

    /// For a snapshot: what is changed afterwards is changed in a copy.
    HistoryView view();

  private:
    struct Slot {
        std::shared_ptr<HistoryBlock> block;
        bool shared = false;  // a view may hold it
    };

    HistoryPoint& at(std::uint64_t step);
    void extend_to(std::uint64_t step);

    std::uint64_t step_;
    std::size_t capacity_;
    std::uint64_t first_ = 0, end_ = 0;  // steps that are kept: [first, end)
    std::deque<Slot> slots_;
};

}  // namespace rstwatch::control
