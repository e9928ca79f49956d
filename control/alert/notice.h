// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/alert/alert.h"
#include "dataplane/tally/time.h"

namespace rstwatch::control {

/// What happened to an alert, and how it stood then: what sinks and streams are told.
struct AlertNotice {
    AlertEvent event = AlertEvent::fired;
    Alert alert;
    tally::Time time = 0;  ///< packet time at which it happened
};

}  // namespace rstwatch::control
