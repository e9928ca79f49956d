// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/events/failed_attempt.h"
#include "control/export/json_values.h"

namespace rstwatch::control {

/// {"time":T,"client":"10.0.0.2:40000","server":"10.0.0.1:80","outcome":"refused","service":""}
Json failure_json(const FailedAttempt& failure);

}  // namespace rstwatch::control
