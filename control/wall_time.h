// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "dataplane/tally/time.h"

namespace rstwatch::control {

/// What the machine's clock says, in the unit of packet time.
inline tally::Time wall_time() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<tally::Time>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

}  // namespace rstwatch::control
