// SPDX-License-Identifier: Apache-2.0
#include "control/history/history_ring.h"

#include <algorithm>

namespace rstwatch::control {

namespace {
constexpr std::uint64_t length = HistoryBlock::length;
}

HistoryPoint HistoryView::at(std::uint64_t step) const {
    if (step < first || step >= end) return {};
    return blocks[step / length - blocks.front()->number]->points[step % length];
}

void HistoryRing::cover(tally::Interval from, tally::Interval until) {
    if (until <= from) return;
    const std::uint64_t last = (until - 1) / step_;
    if (end_ == 0) first_ = end_ = from / step_;
    extend_to(last);
    for (std::uint64_t step = std::max(from / step_, first_); step <= last; ++step)
        at(step).seconds += std::min(until, (step + 1) * step_) - std::max(from, step * step_);
}

HistoryPoint* HistoryRing::find(tally::Interval second) {
    const std::uint64_t step = second / step_;
    return step < first_ || step >= end_ ? nullptr : &at(step);
}

/// A leap, as from one capture to another of years later, costs no more than the ring is long.
void HistoryRing::extend_to(std::uint64_t step) {
    if (step < end_) return;
    end_ = step + 1;
    if (end_ - first_ > capacity_) first_ = end_ - capacity_;
    while (!slots_.empty() && slots_.front().block->number < first_ / length) slots_.pop_front();
    std::uint64_t next = slots_.empty() ? first_ / length : slots_.back().block->number + 1;
    for (; next <= step / length; ++next) {
        slots_.push_back({std::make_shared<HistoryBlock>(), false});
        slots_.back().block->number = next;
    }
}

HistoryPoint& HistoryRing::at(std::uint64_t step) {
    Slot& slot = slots_[step / length - slots_.front().block->number];
    if (slot.shared) slot = {std::make_shared<HistoryBlock>(*slot.block), false};
    return slot.block->points[step % length];
}

HistoryView HistoryRing::view() {
    HistoryView view{step_, first_, end_, {}};
    view.blocks.reserve(slots_.size());
    for (Slot& slot : slots_) {
        slot.shared = true;
        view.blocks.push_back(slot.block);
    }
    return view;
}

}  // namespace rstwatch::control
