// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/alert/alert.h"
#include "dataplane/tally/time.h"

namespace rstwatch::control {

/// What happened to an alert, and how it stood then: what sinks and streams are told.
struct AlertNotice {
    AlertEvent event = AlertEvent::fired;
    Alert alert;
    tally::Time time = 0;          ///< packet time at which it happened
    std::int64_t wall_offset = 0;  ///< microseconds that the wall clock was ahead of packet time then

    /// A packet time as the clocks of others have it.
    tally::Time wall(tally::Time packet_time) const { return packet_time + static_cast<tally::Time>(wall_offset); }
};

}  // namespace rstwatch::control
