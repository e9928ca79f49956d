// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace rstwatch::control {

/// Tells systemd a state such as "READY=1" (sd_notify(3)), if it supervises this process; else nothing happens.
void notify_service_manager(std::string_view state);

}  // namespace rstwatch::control
