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
    if (share < settings.share) return step({}, settings.trigger, settings.clear);
    return step({level_at(settings, rate, 1), level_at(settings, rate, settings.hysteresis)}, settings.trigger,
                settings.clear);
}

std::optional<AlertLevel> AlertWatch::step(Step step, std::int64_t trigger, std::int64_t clear) {
    rising_to_ = rising_ == 0 ? step.reached : std::min(rising_to_, step.reached);
    rising_ = step.reached > level_ ? rising_ + 1 : 0;
    falling_to_ = falling_ == 0 ? step.kept : std::max(falling_to_, step.kept);
    falling_ = step.kept < level_ ? falling_ + 1 : 0;

    if (rising_ >= trigger) {
        level_ = rising_to_;
    } else if (falling_ >= clear) {
        level_ = falling_to_;
    } else {
        return std::nullopt;
    }
    rising_ = falling_ = 0;
    return level_;
}

}  // namespace rstwatch::control
