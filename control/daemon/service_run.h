// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.h"
#include "control/alert/sinks/alert_sinks.h"
#include "control/controller.h"
#include "control/daemon/clock_watch.h"
#include "control/daemon/live_settings.h"
#include "control/daemon/signals.h"
#include "control/events/event_hub.h"
#include "control/store/store.h"
#include "control/vitals.h"
#include "control/watchdog.h"
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
    LiveSettings& live_settings;
    const ClockWatch& clock;
    Vitals& vitals;
    Watchdog& watchdog;
};

/// Serves until told to stop; returns the exit code.
int run_service(const ServiceParts& parts, const config::Settings& settings, const Signals& signals);

}  // namespace rstwatch::control
