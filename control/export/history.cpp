// SPDX-License-Identifier: Apache-2.0
#include "control/export/history.h"

namespace rstwatch::control {
namespace {

double time_of(tally::Interval second) {
    return seconds(tally::interval_start(second));
}

/// Packets and attempts are counted for the network alone: of others they are not known, which is not 0.
Json point_json(tally::Interval time, const HistoryPoint& point, bool is_network) {
    return {{"time", time_of(time)},
            {"seconds", point.seconds},
            {"control_depth_seconds", point.control_depth_seconds},
            {"packets", is_network ? Json(point.packets) : Json(nullptr)},
            {"attempts", is_network ? Json(point.attempts) : Json(nullptr)},
            {"accepted", point.accepted},
            {"failed", point.failed()},
            {"outcomes", nonzero_outcomes_json(point.outcomes)}};
}

std::string text_of(const Subject& subject) {
    return subject.scope == Scope::service ? to_string(subject.endpoint) : to_string(subject.endpoint.address);
}

}  // namespace

Json history_json(const HistoryAnswer& answer, const Subject& subject) {
    const bool is_network = subject.scope == Scope::network;
    Json json = {{"step_seconds", answer.step},
                 {"from", time_of(answer.from)},
                 {"to", time_of(answer.until)},
                 {"source", answer.from_store ? "store" : "memory"},
                 {"scope", is_network                        ? "network"
                           : subject.scope == Scope::service ? "service"
                                                             : "host"},
                 {"subject", is_network ? Json(nullptr) : Json(text_of(subject))},
                 {"direction", subject.scope == Scope::incoming   ? Json("incoming")
                               : subject.scope == Scope::outgoing ? Json("outgoing")
                                                                  : Json(nullptr)}};
    Json points = Json::array();
    for (const auto& [time, point] : answer.points) points.push_back(point_json(time, point, is_network));
    json["points"] = std::move(points);
    Json gaps = Json::array();
    for (const HistoryGap& gap : answer.gaps)
        gaps.push_back({{"from", time_of(gap.from)},
                        {"to", time_of(gap.until)},
                        {"reason", gap.before_records ? "before_records" : "not_running"}});
    json["gaps"] = std::move(gaps);
    return json;
}

}  // namespace rstwatch::control
