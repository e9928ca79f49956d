// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.h"
#include "control/controller.h"
#include "control/daemon/service_knowledge.h"
#include "dataplane/dataplane.h"

namespace rstwatch::control {

/// What the controller is to know of the packet half, which it does not see. `report`: nobody is served.
Surroundings surroundings_of(const Dataplane& dataplane, const config::Settings& settings,
                             const ServiceKnowledge& services, bool report);

}  // namespace rstwatch::control
