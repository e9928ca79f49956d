// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "control/alert/alert.h"
#include "control/http/router.h"
#include "control/knowledge.h"
#include "control/snapshot_store.h"

namespace rstwatch::control {

/// Adds what is asked about single services and hosts, and the alerts: /api/v1/destinations, /api/v1/clients and
/// /api/v1/alerts. `acknowledge` is that of the Controller.
void add_knowledge_routes(http::Router& router, const SnapshotStore& store, const Inspect& inspect,
                          std::function<std::optional<Alert>(const std::string&)> acknowledge);

}  // namespace rstwatch::control
