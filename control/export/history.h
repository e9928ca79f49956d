// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/export/json_values.h"
#include "control/history/history_query.h"

namespace rstwatch::control {

/// The document of /api/v1/history.
Json history_json(const HistoryAnswer& answer, const Subject& subject);

}  // namespace rstwatch::control
