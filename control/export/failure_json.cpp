// SPDX-License-Identifier: Apache-2.0
#include "control/export/failure_json.h"

namespace rstwatch::control {

Json failure_json(const FailedAttempt& failure, const std::string& service) {
    return {{"time", seconds(failure.time)},
            {"client", to_string(failure.client)},
            {"server", to_string(failure.server)},
            {"outcome", tally::name(failure.outcome)},
            {"service", service}};
}

}  // namespace rstwatch::control
