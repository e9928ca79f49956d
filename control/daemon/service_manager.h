// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace rstwatch::control {

/// Tells systemd a state such as "READY=1" (sd_notify(3)), if it supervises this process; else nothing happens.
void notify_service_manager(std::string_view state);

/// How long systemd waits for WATCHDOG=1 before it takes this process for dead; none: it does not.
std::optional<std::chrono::microseconds> service_watchdog_timeout();

}  // namespace rstwatch::control
