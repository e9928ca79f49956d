// SPDX-License-Identifier: Apache-2.0
#include "control/alert/watch.h"

#include <algorithm>

namespace rstwatch::control {
namespace {

/// The highest level whose threshold, times `factor`, is reached.
AlertLevel level_at(const config::Settings::Alerts& settings, double rate, double factor) {
    if (rate >= settings.critical * factor) return AlertLevel::critical;
    if (rate >= settings.error * factor) return AlertLevel::error;
    return rate >= settings.warn * factor ? AlertLevel::warn : AlertLevel::none;
}

}  // namespace

std::optional<AlertLevel> AlertWatch::step(const config::Settings::Alerts& settings, double rate, double share) {
    const bool matters = share >= settings.share;
    const AlertLevel reached = matters ? level_at(settings, rate, 1) : AlertLevel::none;
    const AlertLevel kept = matters ? level_at(settings, rate, settings.hysteresis) : AlertLevel::none;

    rising_to_ = rising_ == 0 ? reached : std::min(rising_to_, reached);
    rising_ = reached > level_ ? rising_ + 1 : 0;
    falling_to_ = falling_ == 0 ? kept : std::max(falling_to_, kept);
    falling_ = kept < level_ ? falling_ + 1 : 0;

    if (rising_ >= settings.trigger) {
        level_ = rising_to_;
    } else if (falling_ >= settings.clear) {
        level_ = falling_to_;
    } else {
        return std::nullopt;
    }
    rising_ = falling_ = 0;
    return level_;
}

}  // namespace rstwatch::control
