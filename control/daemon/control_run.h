// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "control/controller.h"
#include "control/vitals.h"
#include "dataplane/dataplane.h"

namespace rstwatch::control {

/// Lets control run until every core has finished. Should it throw, that is said to `vitals` and the cores are stopped;
/// what they still hand over goes nowhere. Returns a sentence then, with how much that was; what has been queued for
/// others can still be written.
std::optional<std::string> run_control(Dataplane& dataplane, Controller& controller, Vitals& vitals);

}  // namespace rstwatch::control
