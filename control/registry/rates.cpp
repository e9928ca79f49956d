// SPDX-License-Identifier: Apache-2.0
#include "control/registry/rates.h"

#include <algorithm>

namespace rstwatch::control {
namespace {

void change(std::uint32_t& count, std::int64_t by) {
    count = static_cast<std::uint32_t>(std::max<std::int64_t>(0, count + by));
}

}  // namespace

void Rates::add(tally::Interval when, std::int64_t failed, std::int64_t accepted) {
    for (std::size_t i = 0; i < rings.size(); ++i) {
        const Ring& ring = rings[i];
        const tally::Interval step = when / ring.step;
        advance(i, step);
        if (step + ring.size <= newest_[i]) continue;
        Bucket& bucket = buckets_[ring.first + step % ring.size];
        change(bucket.failed, failed);
        change(bucket.accepted, accepted);
    }
}

/// Empties the buckets that are used anew.
void Rates::advance(std::size_t i, tally::Interval step) {
    const Ring& ring = rings[i];
    if (step <= newest_[i]) return;
    const tally::Interval passed = std::min<tally::Interval>(step - newest_[i], ring.size);
    for (tally::Interval k = 0; k < passed; ++k) buckets_[ring.first + (step - k) % ring.size] = {};
    newest_[i] = step;
}

Rates::Sum Rates::over(std::size_t span, tally::Interval now) const {
    const Ring& ring = rings[span];
    const tally::Interval step = now / ring.step;
    const tally::Interval oldest = step - std::min<tally::Interval>(step, ring.size - 1);
    Sum sum;
    for (tally::Interval each = oldest; each <= std::min(step, newest_[span]); ++each) {
        if (each + ring.size <= newest_[span]) continue;
        const Bucket& bucket = buckets_[ring.first + each % ring.size];
        sum.failed += bucket.failed;
        sum.accepted += bucket.accepted;
    }
    sum.seconds = now + 1 - oldest * ring.step;
    return sum;
}

}  // namespace rstwatch::control
