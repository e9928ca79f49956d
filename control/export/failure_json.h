// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "control/events/failed_attempt.h"
#include "control/export/json_values.h"

namespace rstwatch::control {

/// {"time":T,"client":"10.0.0.2:40000","server":"10.0.0.1:80","outcome":"refused","service":"http"}; `service` is what
/// the server is known as, which may be nothing.
Json failure_json(const FailedAttempt& failure, const std::string& service);

}  // namespace rstwatch::control
