// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "control/export/json_values.h"
#include "control/health.h"
#include "control/http/router.h"
#include "control/knowledge.h"
#include "control/snapshot_store.h"
#include "control/store/store.h"

namespace rstwatch::control {

/// The REST interface under /api/v1, and the probes of who supervises the daemon. Reads the latest snapshot,
/// what is known of single services through `inspect` and, of what is older, the file of `history`. All outlive it.
/// `of_this_moment` gives the members of the status that are of none of these.
http::Router make_api(const SnapshotStore& store, const Inspect& inspect, Store& history, const Health& health,
                      std::function<Json()> of_this_moment);

}  // namespace rstwatch::control
