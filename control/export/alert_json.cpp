// SPDX-License-Identifier: Apache-2.0
#include "control/export/alert_json.h"

#include <algorithm>

namespace rstwatch::control {

Json alert_json(const Alert& alert, tally::Time now) {
    const tally::Time end = std::max(alert.until.value_or(now), alert.since);
    Json nested = Json::array();
    for (const AlertSubject& subject : alert.nested) nested.push_back(to_string(subject));
    return {{"id", alert.id},
            {"scope", name(alert.subject.scope)},
            {"subject", to_string(alert.subject)},
            {"direction", name(alert.subject.direction)},
            {"level", name(alert.level)},
            {"peak_level", name(alert.peak_level)},
            {"per_second", alert.per_second},
            {"peak_per_second", alert.peak_per_second},
            {"share", alert.share},
            {"since", seconds(alert.since)},
            {"fired", seconds(alert.fired)},
            {"until", alert.until ? Json(seconds(*alert.until)) : Json(nullptr)},
            {"duration_seconds", seconds(end - alert.since)},
            {"acknowledged", alert.acknowledged},
            {"cause", cause_name(alert)},
            {"service", alert.service},
            {"clients", alert.clients},
            {"nested", std::move(nested)},
            {"text", alert.text}};
}

Json alerts_json(std::span<const Alert> alerts, tally::Time now) {
    Json list = Json::array();
    for (const Alert& alert : alerts) list.push_back(alert_json(alert, now));
    return {{"alerts", std::move(list)}};
}

}  // namespace rstwatch::control
