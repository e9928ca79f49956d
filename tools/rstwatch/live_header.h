// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tools/rstwatch/live_feed.h"
#include "tools/rstwatch/output.h"

namespace rstwatch::cli {

/// Writes what stands above every view: the sensor, its rates over the last 10 s, its losses, active alerts; and below,
/// in red, what makes all of it doubtful: no daemon, no packets, a mirror that shows half. `now` is the wall clock.
void write_live_header(const LiveAnswer& answer, bool paused, double now, Output& out);

}  // namespace rstwatch::cli
