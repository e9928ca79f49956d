// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string_view>

#include "control/vitals.h"

namespace rstwatch::control {

/// Tells the service manager that the daemon is alive, for as long as control and every RX core move. Control thread
/// only: if that hangs, nobody tells.
class Watchdog {
  public:
    using Clock = Vitals::Clock;
    using Notify = std::function<void(std::string_view state)>;

    /// `timeout`: after which the service manager takes the daemon for dead; none: it does not watch.
    Watchdog(std::optional<std::chrono::microseconds> timeout, const Vitals& vitals, Notify notify)
        : timeout_(timeout), vitals_(vitals), notify_(std::move(notify)) {}

    /// To be called several times within the timeout.
    void feed(Clock::time_point now);

  private:
    std::optional<std::chrono::microseconds> timeout_;
    const Vitals& vitals_;
    Notify notify_;
    std::optional<Clock::time_point> next_;
};

/// What the environment says of the timeout (sd_watchdog_enabled(3)): none unless it is for the process `pid`.
std::optional<std::chrono::microseconds> watchdog_timeout(const char* watchdog_usec, const char* watchdog_pid,
                                                          long pid);

}  // namespace rstwatch::control
