// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/tally/time.h"

namespace rstwatch::control {

/// How many attempts failed and how many were accepted, from the last ten seconds to the last day, in fixed memory:
/// the longer the span, the coarser its steps. Control thread only.
class Rates {
  public:
    /// What happened in the last `seconds`, counted from the beginning of a step: at least the span asked for.
    struct Sum {
        std::uint64_t failed = 0;
        std::uint64_t accepted = 0;
        std::uint64_t seconds = 0;

        double failed_per_second() const { return static_cast<double>(failed) / static_cast<double>(seconds); }
        double accepted_per_second() const { return static_cast<double>(accepted) / static_cast<double>(seconds); }
    };

    /// The spans that are kept, in seconds.
    static constexpr std::array<unsigned, 5> spans{10, 60, 300, 3600, 86400};

    /// Counts in the second `when`; negative where a verdict given then is withdrawn. What is older than a span is no
    /// longer in it.
    void add(tally::Interval when, std::int64_t failed, std::int64_t accepted);

    /// Of the span that ends with the second `now`; `span` is one of `spans`.
    Sum over(std::size_t span, tally::Interval now) const;

  private:
    struct Bucket {
        std::uint32_t failed = 0;
        std::uint32_t accepted = 0;
    };
    struct Ring {
        unsigned step;   // seconds
        unsigned first;  // place of its first bucket
        unsigned size;
    };
    // One bucket more than the span has steps, for the step that has only begun; none where steps are seconds.
    static constexpr std::array<Ring, 5> rings{{{1, 0, 10}, {10, 10, 7}, {60, 17, 6}, {300, 23, 13}, {3600, 36, 25}}};

    void advance(std::size_t ring, tally::Interval step);

    std::array<Bucket, 61> buckets_{};
    std::array<tally::Interval, rings.size()> newest_{};  // step of the newest bucket of each ring
};

}  // namespace rstwatch::control
