// SPDX-License-Identifier: Apache-2.0
#include "control/readiness.h"

#include <algorithm>

namespace rstwatch::control {

std::vector<std::string> what_fails(const SnapshotPtr& snapshot, const StoreStatus& store) {
    if (!snapshot) return {"the daemon is starting and has counted nothing yet"};
    std::vector<std::string> failures;
    const bool silent = std::ranges::any_of(
        snapshot->alerts, [](const Alert& alert) { return alert.no_data && !alert.until.has_value(); });
    if (silent) failures.emplace_back("no packets are received: see whether the mirror port is up, and its cable");
    if (store.state == StoreStatus::State::degraded)
        failures.push_back("the store " + store.path + " is not written: " + store.reason);
    return failures;
}

}  // namespace rstwatch::control
