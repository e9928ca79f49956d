// SPDX-License-Identifier: Apache-2.0
#include "control/history/history.h"

namespace rstwatch::control {

History::History(const config::Settings::History& settings)
    : rings_{HistoryRing(1, static_cast<std::size_t>(settings.second_points)),
             HistoryRing(10, static_cast<std::size_t>(settings.ten_second_points)),
             HistoryRing(60, static_cast<std::size_t>(settings.minute_points))} {}

void History::add(const MergedInterval& interval, tally::Interval from, const std::vector<CountChange>& changes) {
    for (HistoryRing& ring : rings_) {
        ring.cover(from, interval.interval + 1);
        HistoryPoint& point = *ring.find(interval.interval);
        point.packets += interval.packets.received;
        point.attempts += interval.outcomes.attempts;
        point.accepted += interval.outcomes.accepted;
        point.control_depth_seconds += interval.at_control_depth ? 1 : 0;
        for (std::size_t i = 0; i < tally::outcome_count; ++i) point.outcomes[i] += interval.outcomes.first[i];
    }
    for (const CountChange& change : changes)
        if (!change.of_client_only) apply(change);
}

void History::apply(const CountChange& change) {
    const tally::Revision& revision = change.revision;
    bool any = false;
    for (HistoryRing& ring : rings_) {
        HistoryPoint* point = ring.find(revision.given_in);
        if (point == nullptr) continue;
        any = true;
        std::uint64_t& from = point->outcomes[tally::index(revision.from)];
        if (from == 0) continue;  // its verdict came before the ring did, or was lost on its way
        --from;
        if (revision.to) ++point->outcomes[tally::index(*revision.to)];
        point->attempts += static_cast<std::uint64_t>(change.attempts);
    }
    changes_too_late_ += !any;
}

HistoryViews History::views() {
    return {rings_[0].view(), rings_[1].view(), rings_[2].view()};
}

}  // namespace rstwatch::control
