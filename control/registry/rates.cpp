// SPDX-License-Identifier: Apache-2.0
#include "control/registry/rates.h"

#include <algorithm>

namespace rstwatch::control {

void RecentCount::add(tally::Interval when, std::int64_t count) {
    advance(when);
    for (const Ring& ring : rings) {
        const tally::Interval step = when / ring.step;
        if (step + ring.size <= newest_ / ring.step) continue;
        std::uint32_t& bucket = buckets_[ring.first + step % ring.size];
        bucket = static_cast<std::uint32_t>(std::max<std::int64_t>(0, bucket + count));
    }
}

/// Empties the buckets that are used anew.
void RecentCount::advance(tally::Interval when) {
    if (when <= newest_) return;
    for (const Ring& ring : rings) {
        const tally::Interval step = when / ring.step;
        const auto passed = std::min<tally::Interval>(step - newest_ / ring.step, ring.size);
        for (tally::Interval k = 0; k < passed; ++k) buckets_[ring.first + (step - k) % ring.size] = 0;
    }
    newest_ = when;
}

std::uint64_t RecentCount::in_step(std::size_t i, tally::Interval step) const {
    const Ring& ring = rings[i];
    const tally::Interval newest = newest_ / ring.step;
    if (step > newest || step + ring.size <= newest) return 0;
    return buckets_[ring.first + step % ring.size];
}

RecentCount::Sum RecentCount::over(std::size_t span, tally::Interval now) const {
    const Ring& ring = rings[span];
    const tally::Interval step = now / ring.step, newest = newest_ / ring.step;
    const tally::Interval oldest = step - std::min<tally::Interval>(step, ring.size - 1);
    Sum sum;
    for (tally::Interval each = oldest; each <= std::min(step, newest); ++each) sum.count += in_step(span, each);
    sum.seconds = now + 1 - oldest * ring.step;
    return sum;
}

}  // namespace rstwatch::control
