// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "control/alert/sinks/courier.h"
#include "control/export/json_values.h"

namespace rstwatch::control {

/// [{"name", "state": "ok" or "retrying", "waiting", "delivered", "failed", "dropped", "last_error": text or null}]
Json sinks_json(const std::vector<SinkStatus>& sinks);

}  // namespace rstwatch::control
