// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/events/event_hub.h"
#include "control/http/router.h"

namespace rstwatch::control {

/// GET /api/v1/events: what happens, as it happens. `hub` must outlive the router.
void add_event_routes(http::Router& router, EventHub& hub);

}  // namespace rstwatch::control
