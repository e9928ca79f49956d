// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.h"
#include "control/alert/sinks/alert_sinks.h"
#include "control/controller.h"
#include "control/daemon/stop_signals.h"
#include "control/events/event_hub.h"
#include "control/store/store.h"
#include "dataplane/dataplane.h"

namespace rstwatch::control {

/// What serves, all of it set up by the caller and not started yet.
struct ServiceParts {
    Dataplane& dataplane;
    Controller& controller;
    SnapshotStore& snapshots;
    Store& history;
    EventHub& events;
    AlertSinks& sinks;
};

/// Serves until told to stop; returns the exit code.
int run_service(const ServiceParts& parts, const config::Settings& settings, const StopSignals& signals);

}  // namespace rstwatch::control
