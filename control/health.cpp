// SPDX-License-Identifier: Apache-2.0
#include "control/health.h"

#include "control/readiness.h"

namespace rstwatch::control {

std::vector<std::string> Health::what_stands_still() const {
    return vitals_.what_stands_still(Vitals::Clock::now());
}

std::vector<std::string> Health::what_fails() const {
    std::vector<std::string> failures = what_stands_still();
    for (std::string& each : control::what_fails(snapshots_.latest(), history_.status()))
        failures.push_back(std::move(each));
    return failures;
}

}  // namespace rstwatch::control
