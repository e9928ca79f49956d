// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "control/snapshot.h"
#include "control/store/store.h"

namespace rstwatch::control {

/// Why what the daemon says is not to be relied on now, a sentence each; empty: it is ready. `snapshot` may be null: it
/// has none yet.
std::vector<std::string> what_fails(const SnapshotPtr& snapshot, const StoreStatus& store);

}  // namespace rstwatch::control
