// SPDX-License-Identifier: Apache-2.0
#include "control/history/count_change.h"

namespace rstwatch::control {

std::vector<CountChange> CountChanges::of(const MergedInterval& interval, const Assumptions& assumptions) {
    std::vector<CountChange> changes;
    changes.reserve(interval.assumed.size() + interval.client_revisions.size() + interval.revisions.size());
    for (const tally::Revision& revision : interval.assumed) {
        changes.push_back({revision, +1, false});
        if (assumed_.size() == most_assumed_) {
            assumed_.pop_front();
            ++forgotten_;
        }
        assumed_.push_back(revision);
    }
    for (const tally::Revision& revision : interval.client_revisions) changes.push_back({revision, 0, true});
    for (const tally::Revision& revision : interval.revisions) changes.push_back({revision, 0, false});
    take_back(assumptions, changes);
    return changes;
}

void CountChanges::take_back(const Assumptions& assumptions, std::vector<CountChange>& changes) {
    const std::size_t flooded = assumptions.flooded ? assumptions.flooded->size() : 0;
    if (assumed_.empty() || (assumptions.hold && flooded == flooded_)) return;
    flooded_ = flooded;
    std::erase_if(assumed_, [&](const tally::Revision& each) {
        if (assumptions.hold_for(each.client.address)) return false;
        tally::Revision back = each;
        back.from = *each.to;
        back.to = each.from;
        changes.push_back({back, -1, false});
        return true;
    });
}

}  // namespace rstwatch::control
