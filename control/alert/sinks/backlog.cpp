// SPDX-License-Identifier: Apache-2.0
#include "control/alert/sinks/backlog.h"

#include <algorithm>
#include <utility>

namespace rstwatch::control {
namespace {

/// What to say of an alert of which `before` has not been said yet, when `now` is news.
AlertEvent joined(AlertEvent before, AlertEvent now) {
    return before == AlertEvent::fired && now != AlertEvent::cleared ? AlertEvent::fired : now;
}

}  // namespace

void Backlog::make_room() {
    if (waiting_.size() < capacity_) return;
    by_id_.erase(waiting_.front().alert.id);
    waiting_.pop_front();
    ++dropped_;
}

void Backlog::add(AlertNotice notice) {
    const auto known = by_id_.find(notice.alert.id);
    if (known != by_id_.end()) {
        notice.event = joined(known->second->event, notice.event);
        *known->second = std::move(notice);
        return;
    }
    make_room();
    waiting_.push_back(std::move(notice));
    by_id_.emplace(waiting_.back().alert.id, std::prev(waiting_.end()));
}

std::vector<AlertNotice> Backlog::take(std::size_t most) {
    std::vector<AlertNotice> taken;
    for (; taken.size() < most && !waiting_.empty(); waiting_.pop_front()) {
        by_id_.erase(waiting_.front().alert.id);
        taken.push_back(std::move(waiting_.front()));
    }
    return taken;
}

void Backlog::put_back(std::vector<AlertNotice> notices) {
    for (; !notices.empty(); notices.pop_back()) {  // the newest first
        AlertNotice& notice = notices.back();
        const auto newer = by_id_.find(notice.alert.id);
        if (newer != by_id_.end()) {
            newer->second->event = joined(notice.event, newer->second->event);
        } else if (waiting_.size() >= capacity_) {
            ++dropped_;  // it is the oldest
        } else {
            waiting_.push_front(std::move(notice));
            by_id_.emplace(waiting_.front().alert.id, waiting_.begin());
        }
    }
}

}  // namespace rstwatch::control
