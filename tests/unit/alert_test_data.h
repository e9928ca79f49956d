// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "control/alert/notice.h"
#include "tests/unit/control_test_data.h"

namespace rstwatch::control::test {

inline constexpr tally::Time alert_since = 1'795'172'090'500'000;  // 2026-11-20 22:54:50.5 UTC

/// An alert about 10.0.0.9:80 as it was raised.
inline Alert sample_alert(const std::string& id = "a1") {
    Alert alert;
    alert.id = id;
    alert.subject = {AlertScope::service, Direction::incoming, endpoint(9, 80)};
    alert.level = alert.peak_level = AlertLevel::error;
    alert.per_second = alert.peak_per_second = 2;
    alert.since = alert_since;
    alert.fired = alert_since + 10 * tally::second;
    alert.cause = tally::Outcome::refused;
    alert.service = "collector";
    alert.clients = 3;
    alert.text = "10.0.0.9:80 (collector) refuses 2.00 connections per second";
    return alert;
}

inline Alert cleared(Alert alert) {
    alert.level = AlertLevel::none;
    alert.until = alert.fired + 60 * tally::second;
    return alert;
}

inline AlertNotice notice(const std::string& id, AlertEvent event = AlertEvent::fired) {
    return {event, sample_alert(id), alert_since + 10 * tally::second};
}

}  // namespace rstwatch::control::test
