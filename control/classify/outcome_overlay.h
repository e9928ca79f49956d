// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/tally/outcome.h"

namespace rstwatch::control {

using OutcomeSums = std::array<std::uint64_t, tally::outcome_count>;

/// What control shows as another outcome than the cores count it as, because it takes more than one connection to tell:
/// counts by the outcome that the cores say and the one that is meant. Shown = what the cores count + this; every move
/// leaves one outcome for another, so that the sum stays what it was, whatever is lost on the way.
class OutcomeOverlay {
  public:
    /// `count` more that the cores have as `from` are meant as `to`; negative to take that back.
    void move(tally::Outcome from, tally::Outcome to, std::int64_t count) {
        moved_[tally::index(from)][tally::index(to)] += count;
    }

    std::int64_t moved(tally::Outcome from, tally::Outcome to) const {
        return moved_[tally::index(from)][tally::index(to)];
    }

    /// Moves within `sums`, and returns how many attempts they have gained: what the cores do not count as one may be.
    /// A live core may drop the list entry that would have ended a move; then no more is moved than is there.
    std::int64_t apply(OutcomeSums& sums) const;

  private:
    std::array<std::array<std::int64_t, tally::outcome_count>, tally::outcome_count> moved_{};
};

}  // namespace rstwatch::control
