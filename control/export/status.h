// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "control/export/json_values.h"

namespace rstwatch::control {

/// The document of /api/v1/status: ports, cores, losses and tables, and how old they are when `asked`. What cannot be
/// known is null, not 0.
Json status(const Snapshot& snapshot, std::chrono::steady_clock::time_point asked);

}  // namespace rstwatch::control
