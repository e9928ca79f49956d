// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.h"
#include "control/controller.h"
#include "control/daemon/service_knowledge.h"
#include "control/vitals.h"
#include "control/watchdog.h"
#include "dataplane/dataplane.h"

namespace rstwatch::control {

/// Logs what there is to be said of the ports since the last call.
void log_remarks(Dataplane& dataplane);

/// What the controller is to know of the packet half, which it does not see. `report`: nobody is served.
Surroundings surroundings_of(Dataplane& dataplane, const config::Settings& settings, const ServiceKnowledge& services,
                             bool report);

/// The name that a serving daemon goes by: the one that was set, or the host's.
std::string sensor_name(const config::Settings& settings);

/// Notes that control moves, and which cores do, and tells the service manager if all is well; what does not move any
/// more is logged once.
std::function<void()> beat_of(const Dataplane& dataplane, Vitals& vitals, Watchdog& watchdog);

}  // namespace rstwatch::control
