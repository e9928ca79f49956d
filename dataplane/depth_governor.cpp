// SPDX-License-Identifier: Apache-2.0
#include "dataplane/depth_governor.h"

#include <algorithm>

namespace rstwatch {
namespace {

/// Share of its time that full depth may take, judged by what it cost before, for the core to return to it.
constexpr double calm_share = 0.7;
/// Full depth that does not last this long was tried too early.
constexpr tally::Time lasting = 10 * tally::second;
constexpr unsigned longest_wait = 64;  // seconds

}  // namespace

void DepthGovernor::note(std::size_t packets, bool more, tally::Time now) {
    if (depth_ == tally::Depth::control) {
        second_packets_ += packets;
        if (now - second_began_ >= tally::second) judge_second(now);
        return;
    }
    if (!more) row_packets_ = 0;
    if (row_packets_ == 0) row_began_ = now;
    if (more) row_packets_ += packets;
}

void DepthGovernor::judge_second(tally::Time now) {
    const auto took = static_cast<double>(now - second_began_);
    const bool calm = static_cast<double>(second_packets_) * cost_ <= calm_share * took;
    calm_seconds_ = calm ? calm_seconds_ + 1 : 0;
    second_began_ = now;
    second_packets_ = 0;
}

void DepthGovernor::fall(tally::Time now) {
    const bool lasted = returned_ == 0 || now - returned_ >= lasting;
    calm_needed_ = lasted ? 1 : std::min(2 * calm_needed_, longest_wait);
    cost_ = static_cast<double>(now - row_began_) / static_cast<double>(std::max<std::size_t>(row_packets_, 1));
    depth_ = tally::Depth::control;
    second_began_ = now;
    second_packets_ = 0;
    calm_seconds_ = 0;
}

bool DepthGovernor::may_return(tally::Time now) {
    if (depth_ != tally::Depth::control || calm_seconds_ < calm_needed_) return false;
    depth_ = tally::Depth::full;
    row_packets_ = 0;
    returned_ = now;
    return true;
}

}  // namespace rstwatch
