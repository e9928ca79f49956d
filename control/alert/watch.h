// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "config/settings.h"
#include "control/alert/alert.h"

namespace rstwatch::control {

/// One subject's way through the levels: up after so many steps in a row at a level, down after so many below what
/// keeps it there. Control thread only.
class AlertWatch {
  public:
    /// What one step says of the level: which one is reached, and which one would be kept.
    struct Step {
        AlertLevel reached = AlertLevel::none;
        AlertLevel kept = AlertLevel::none;
    };

    /// Up after `trigger` steps in a row, down after `clear`. Returns the new level if it changed.
    std::optional<AlertLevel> step(Step step, std::int64_t trigger, std::int64_t clear);

    /// One interval, against the thresholds. `rate` is in failed attempts per second, `share` that of the attempts, 0
    /// to 1.
    std::optional<AlertLevel> step(const config::Settings::Alerts& settings, double rate, double share);

    AlertLevel level() const { return level_; }

    /// At a level that was kept over a restart.
    void resume(AlertLevel level) { level_ = level; }

    /// Nothing is going on, and nothing is about to.
    bool is_idle() const { return level_ == AlertLevel::none && rising_ == 0; }

  private:
    AlertLevel level_ = AlertLevel::none;
    AlertLevel rising_to_ = AlertLevel::none;   // the lowest of the steps in a row above level_
    AlertLevel falling_to_ = AlertLevel::none;  // the highest of those below
    std::int64_t rising_ = 0;
    std::int64_t falling_ = 0;
};

}  // namespace rstwatch::control
