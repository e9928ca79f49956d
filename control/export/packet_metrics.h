// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "control/export/exposition.h"
#include "control/snapshot.h"

namespace rstwatch::control {

/// How packets come in, and what is lost of them: ports, cores, classes, tables, and how old all that is when `asked`.
void add_packet_metrics(Exposition& out, const Snapshot& snapshot, std::chrono::steady_clock::time_point asked);

}  // namespace rstwatch::control
