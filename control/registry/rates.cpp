// SPDX-License-Identifier: Apache-2.0
#include "control/registry/rates.h"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace rstwatch::control {

/// Each ring in turn as a constant: of every failure all are counted in, and a division by a constant costs none.
template <typename Visit>
void RecentCount::for_each_ring(Visit visit) {
    [&]<std::size_t... i>(std::index_sequence<i...>) {
        (visit(std::integral_constant<std::size_t, i>{}), ...);
    }
    (std::make_index_sequence<rings.size()>{});
}

void RecentCount::add(tally::Interval when, std::int64_t count) {
    advance(when);
    for_each_ring([&](auto i) {
        constexpr Ring ring = rings[i];
        const tally::Interval step = when / ring.step;
        if (step + ring.size <= newest_ / ring.step) return;
        std::uint32_t& bucket = buckets_[ring.first + step % ring.size];
        bucket = static_cast<std::uint32_t>(std::max<std::int64_t>(0, bucket + count));
    });
}

/// Empties the buckets that are used anew.
void RecentCount::advance(tally::Interval when) {
    if (when <= newest_) return;
    for_each_ring([&](auto i) {
        constexpr Ring ring = rings[i];
        const tally::Interval step = when / ring.step;
        const auto passed = std::min<tally::Interval>(step - newest_ / ring.step, ring.size);
        for (tally::Interval k = 0; k < passed; ++k) buckets_[ring.first + (step - k) % ring.size] = 0;
    });
    newest_ = when;
}

std::uint64_t RecentCount::in_step(std::size_t i, tally::Interval step) const {
    const Ring& ring = rings[i];
    const tally::Interval newest = newest_ / ring.step;
    if (step > newest || step + ring.size <= newest) return 0;
    return buckets_[ring.first + step % ring.size];
}

RecentCount::Sum RecentCount::over(std::size_t span, tally::Interval now) const {
    Sum sum;
    for_each_ring([&](auto i) {
        if (span == i) sum = over_ring<i>(now);
    });
    return sum;
}

template <std::size_t i>
RecentCount::Sum RecentCount::over_ring(tally::Interval now) const {
    constexpr Ring ring = rings[i];
    const tally::Interval step = now / ring.step, newest = newest_ / ring.step;
    const tally::Interval oldest = step - std::min<tally::Interval>(step, ring.size - 1);
    Sum sum;
    sum.seconds = now + 1 - oldest * ring.step;
    // What is older than the ring reaches back from the newest step has been overwritten. Control asks this of every
    // failing service once a second: the steps are walked without a division for each.
    const tally::Interval kept = newest - std::min<tally::Interval>(newest, ring.size - 1);
    const tally::Interval first = std::max(oldest, kept), last = std::min(step, newest);
    if (first > last) return sum;
    std::size_t place = first % ring.size;
    for (tally::Interval each = first; each <= last; ++each) {
        sum.count += buckets_[ring.first + place];
        place = place + 1 == ring.size ? 0 : place + 1;
    }
    return sum;
}

}  // namespace rstwatch::control
