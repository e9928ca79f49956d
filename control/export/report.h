// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/export/json_values.h"

namespace rstwatch::control {

/// The document `rstwatch.report/1`, with at most `rows` lines in each ranking and without `connections`.
/// `services` are those of services_json().
Json report(const Snapshot& snapshot, std::size_t rows, Json services);

}  // namespace rstwatch::control
