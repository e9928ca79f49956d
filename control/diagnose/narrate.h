// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/alert/alert.h"
#include "control/diagnose/facts.h"

namespace rstwatch::control {

/// Fills in what people read of an alert: service, host, cause, clients, text.
void narrate(Alert& alert, const FactSources& sources);

}  // namespace rstwatch::control
