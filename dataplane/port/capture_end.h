// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "dataplane/port/port.h"

namespace rstwatch::port {

/// How a replayed file came to its end.
struct CaptureEnd {
    std::string damage;         ///< empty: read to its end
    bool lost_packets = false;  ///< packet buffers ran out
};

/// What the end of a burst that was not full means for a replayed file: its own end, damage, or a loss.
CaptureEnd capture_end(Port& port);

}  // namespace rstwatch::port
