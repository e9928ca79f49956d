// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>

#include "control/alert/alert.h"
#include "control/export/json_values.h"

namespace rstwatch::control {

/// The document of one alert, the same in REST, in streams and in what sinks send. `now` is packet time: the duration
/// of an alert that lasts is counted until then.
Json alert_json(const Alert& alert, tally::Time now);

/// {"alerts": […]}, in the order given.
Json alerts_json(std::span<const Alert> alerts, tally::Time now);

/// Who a document is about that has scope, direction and subject as that of an alert; nothing where it is about nobody.
std::optional<AlertSubject> alert_subject_from_json(const Json& json);

/// The other way round, for alerts that were kept over a restart; nothing where `json` is none.
std::optional<Alert> alert_from_json(const Json& json);

}  // namespace rstwatch::control
