// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/export/json_values.h"

namespace rstwatch::control {

/// The document of /api/v1/status: ports, cores, losses and tables. What cannot be known is null, not 0.
Json status(const Snapshot& snapshot);

}  // namespace rstwatch::control
