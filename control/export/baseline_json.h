// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "control/alert/baseline.h"
#include "control/export/json_values.h"

namespace rstwatch::control {

/// What is known of a baseline, to be kept over a restart: exactly, but for hours, whose bytes are as they are.
Json baseline_state_json(const Baseline::State& state);

/// The other way round; nothing where `json` is none.
std::optional<Baseline::State> baseline_state_from_json(const Json& json);

}  // namespace rstwatch::control
