// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/export/exposition.h"
#include "control/snapshot.h"

namespace rstwatch::control {

/// What became of connections, who is alerted, and what the mirror shows. Outcomes become labels, addresses never do:
/// how many series there are depends on no traffic.
void add_outcome_metrics(Exposition& out, const Snapshot& snapshot);

}  // namespace rstwatch::control
