// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "control/merge/merged_interval.h"

namespace rstwatch::control {

/// Destinations whose clients go on as if they were answered, though no packet of them was ever seen.
struct UnheardDestinations {
    std::uint64_t count = 0;
    tally::Endpoint example;  ///< the lowest of them; meaningful when there is one
};

/// What the SPAN port (or TAP) itself does to what can be seen, with the numbers that say so.
struct SpanFacts {
    std::uint64_t two_sided = 0;               ///< connections of which both sides were seen
    std::array<std::uint64_t, 2> one_sided{};  ///< by Side: that live, or are answered, though only this side is seen
    std::uint64_t tcp = 0;                     ///< packets
    std::uint64_t duplicates = 0;              ///< of these, mirrored before
    UnheardDestinations unheard;
    std::optional<tally::Interval> window;  ///< seconds that these numbers cover; none: everything

    bool one_way = false;                  ///< connections are seen from one side only
    std::optional<tally::Side> only_side;  ///< which, if it is always the same
    bool duplicated = false;               ///< packets are mirrored twice
    std::string text;                      ///< what is wrong and what to do, in words; empty: nothing

    /// Of attempts only the client is seen: a refusal cannot be told from silence.
    bool shows_clients_only() const { return one_way && only_side == tally::Side::client; }
};

/// Sums up what tells whether the SPAN shows both directions, and once. Live it looks at the last ten minutes, so that
/// it goes quiet when the switch was set right; a replay is judged as a whole. Control thread only.
class SpanWatch {
  public:
    explicit SpanWatch(bool replay) : replay_(replay) {}

    void add(const MergedInterval& interval);

    /// `assumed`: attempts that are seen by their answers alone while nothing shows the other direction.
    SpanFacts facts(const UnheardDestinations& unheard, std::uint64_t assumed = 0) const;

  private:
    struct Sums {
        std::uint64_t minute = 0;
        std::int64_t two_sided = 0;
        std::array<std::int64_t, 2> one_sided{};
        std::uint64_t tcp = 0;
        std::uint64_t duplicates = 0;
    };

    bool replay_;
    std::deque<Sums> minutes_;  // a single one in a replay
};

}  // namespace rstwatch::control
