// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "control/export/exposition.h"
#include "control/health.h"
#include "control/http/router.h"
#include "control/snapshot_store.h"

namespace rstwatch::control {

/// Adds /metrics, Prometheus' text format. `of_this_moment` adds what is not of a snapshot; all outlive the router.
void add_metrics_route(http::Router& router, const SnapshotStore& store, const Health& health,
                       std::function<void(Exposition&)> of_this_moment);

}  // namespace rstwatch::control
