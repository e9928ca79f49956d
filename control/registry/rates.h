// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/tally/time.h"

namespace rstwatch::control {

/// The spans over which rates are told, in seconds.
inline constexpr std::array<unsigned, 5> rate_spans{10, 60, 300, 3600, 86400};

/// How often something happened, from the last ten seconds to the last day, in fixed memory: 160 bytes, because every
/// service and client that is remembered may have one. The longer the span, the coarser its steps: seconds for the
/// shortest one, a sixth or a fifth of the span for the others. Control thread only.
class RecentCount {
  public:
    struct Sum {
        std::uint64_t count = 0;
        std::uint64_t seconds = 0;  ///< counted from the beginning of a step: at least the span asked for
    };

    /// Counts in the second `when`; negative where something that was counted then is withdrawn. What is older than a
    /// span is no longer in it.
    void add(tally::Interval when, std::int64_t count);

    /// Of the span that ends with the second `now`; `span` is a place in `rate_spans`.
    Sum over(std::size_t span, tally::Interval now) const;

    static constexpr std::size_t by_second = 0, by_minute = 2;

    /// Of one second or one minute, counted since the epoch; nothing of one that is no longer kept: these are ten and
    /// six.
    std::uint64_t in_step(std::size_t steps, tally::Interval step) const;

  private:
    struct Ring {
        unsigned step;   // seconds
        unsigned first;  // place of its first bucket
        unsigned size;
    };
    // One bucket more than the span has steps, for the step that has only begun; none where steps are seconds.
    static constexpr std::array<Ring, 5> rings{{{1, 0, 10}, {10, 10, 7}, {60, 17, 6}, {600, 23, 7}, {14400, 30, 7}}};

    template <typename Visit>
    static void for_each_ring(Visit visit);
    template <std::size_t i>
    Sum over_ring(tally::Interval now) const;
    void advance(tally::Interval when);

    tally::Interval newest_ = 0;  // the last second that was counted in; beside the seconds, which are asked for most
    std::array<std::uint32_t, 37> buckets_{};
};

/// How many attempts failed and how many were accepted. Control thread only.
class Rates {
  public:
    struct Sum {
        std::uint64_t failed = 0;
        std::uint64_t accepted = 0;
        std::uint64_t seconds = 0;  ///< as in RecentCount::Sum
    };

    void add(tally::Interval when, std::int64_t failed, std::int64_t accepted) {
        if (failed != 0) failed_.add(when, failed);
        if (accepted != 0) accepted_.add(when, accepted);
    }

    Sum over(std::size_t span, tally::Interval now) const {
        const RecentCount::Sum failed = failed_.over(span, now);
        return {failed.count, accepted_.over(span, now).count, failed.seconds};
    }

    /// Of one minute, or one second, as RecentCount::in_step.
    Sum in_minute(tally::Interval minute) const { return in_step(RecentCount::by_minute, minute, 60); }
    Sum in_second(tally::Interval second) const { return in_step(RecentCount::by_second, second, 1); }

    static constexpr tally::Interval minutes_kept = 6;

  private:
    Sum in_step(std::size_t steps, tally::Interval step, std::uint64_t seconds) const {
        return {failed_.in_step(steps, step), accepted_.in_step(steps, step), seconds};
    }

    RecentCount failed_;
    RecentCount accepted_;
};

}  // namespace rstwatch::control
