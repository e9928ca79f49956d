// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/controller.h"
#include "control/daemon/command_line.h"
#include "control/daemon/signals.h"
#include "dataplane/dataplane.h"

namespace rstwatch::control {

/// Reads the captures to their end, prints the report, and returns the exit code.
int run_report(Dataplane& dataplane, Controller& controller, SnapshotStore& store, const CommandLine& line,
               const Signals& signals);

}  // namespace rstwatch::control
