// SPDX-License-Identifier: Apache-2.0
#include "control/alert/alert.h"

namespace rstwatch::control {

std::string_view name(AlertScope scope) {
    switch (scope) {
        case AlertScope::service:
            return "service";
        case AlertScope::host:
            return "host";
        case AlertScope::network:
            break;
    }
    return "network";
}

std::string_view name(Direction direction) {
    return direction == Direction::incoming ? "incoming" : "outgoing";
}

std::string_view name(AlertLevel level) {
    switch (level) {
        case AlertLevel::none:
            return "none";
        case AlertLevel::warn:
            return "warn";
        case AlertLevel::error:
            return "error";
        case AlertLevel::critical:
            break;
    }
    return "critical";
}

std::string_view name(Usual::Basis basis) {
    switch (basis) {
        case Usual::Basis::hour_of_week:
            return "hour_of_week";
        case Usual::Basis::hour_of_day:
            return "hour_of_day";
        case Usual::Basis::recent:
            break;
    }
    return "recent";
}

std::string_view cause_name(const Alert& alert) {
    return alert.no_data ? "no_data" : tally::name(alert.cause);
}

std::string_view name(AlertEvent event) {
    switch (event) {
        case AlertEvent::fired:
            return "fired";
        case AlertEvent::changed:
            return "changed";
        case AlertEvent::acknowledged:
            return "acknowledged";
        case AlertEvent::resumed:
            return "resumed";
        case AlertEvent::cleared:
            break;
    }
    return "cleared";
}

std::string to_string(const AlertSubject& subject) {
    switch (subject.scope) {
        case AlertScope::service:
            return to_string(subject.endpoint);
        case AlertScope::host:
            return to_string(subject.endpoint.address);
        case AlertScope::network:
            break;
    }
    return "network";
}

}  // namespace rstwatch::control
