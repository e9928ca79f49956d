// SPDX-License-Identifier: Apache-2.0
#include "control/export/alert_json.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

namespace rstwatch::control {

namespace {

Json baseline_json(const AlertBaseline& baseline) {
    return {{"level", name(baseline.level)},
            {"usual_per_second", baseline.usual.per_second()},
            {"standard_deviation", baseline.usual.spread},
            {"deviation", baseline.deviation},
            {"basis", name(baseline.usual.basis)},
            {"samples", baseline.usual.samples},
            {"hour_of_week", baseline.usual.of_week}};
}

}  // namespace

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
            {"failed", alert.failed},
            {"since", seconds(alert.since)},
            {"fired", seconds(alert.fired)},
            {"until", alert.until ? Json(seconds(*alert.until)) : Json(nullptr)},
            {"duration_seconds", seconds(end - alert.since)},
            {"acknowledged", alert.acknowledged},
            {"acknowledged_at", alert.acknowledged_at ? Json(seconds(*alert.acknowledged_at)) : Json(nullptr)},
            {"cause", cause_name(alert)},
            {"service", alert.service},
            {"host", alert.host},
            {"clients", alert.clients},
            {"nested", std::move(nested)},
            {"baseline", alert.baseline ? baseline_json(*alert.baseline) : Json(nullptr)},
            {"text", alert.text}};
}

Json alerts_json(std::span<const Alert> alerts, tally::Time now) {
    Json list = Json::array();
    for (const Alert& alert : alerts) list.push_back(alert_json(alert, now));
    return {{"alerts", std::move(list)}};
}

namespace {

template <typename Name>
std::optional<Name> named(const Json& json, const char* member, std::initializer_list<Name> all) {
    const std::string text = json.at(member);
    for (const Name each : all)
        if (name(each) == text) return each;
    return std::nullopt;
}

std::optional<AlertSubject> subject_of(AlertScope scope, Direction direction, const std::string& text) {
    AlertSubject subject{scope, direction, {}};
    if (scope == AlertScope::network) return subject;
    if (scope == AlertScope::service) {
        const auto service = tally::parse_endpoint(text);
        if (service) subject.endpoint = *service;
        return service ? std::optional(subject) : std::nullopt;
    }
    const auto host = tally::parse_address(text);
    if (host) subject.endpoint.address = *host;
    return host ? std::optional(subject) : std::nullopt;
}

std::optional<AlertBaseline> baseline_from(const Json& json) {
    const auto level =
        named(json, "level", {AlertLevel::none, AlertLevel::warn, AlertLevel::error, AlertLevel::critical});
    const auto basis =
        named(json, "basis", {Usual::Basis::hour_of_week, Usual::Basis::hour_of_day, Usual::Basis::recent});
    if (!level || !basis) return std::nullopt;
    AlertBaseline baseline;
    baseline.level = *level;
    baseline.deviation = json.at("deviation");
    baseline.usual.basis = *basis;
    baseline.usual.level = std::log1p(json.at("usual_per_second").get<double>() * 60);
    baseline.usual.spread = json.at("standard_deviation");
    baseline.usual.samples = json.at("samples");
    baseline.usual.of_week = json.at("hour_of_week");
    return baseline;
}

tally::Time microseconds(const Json& seconds) {
    return static_cast<tally::Time>(std::llround(seconds.get<double>() * static_cast<double>(tally::second)));
}

}  // namespace

std::optional<AlertSubject> alert_subject_from_json(const Json& json) try {
    const auto scope = named(json, "scope", {AlertScope::service, AlertScope::host, AlertScope::network});
    const auto direction = named(json, "direction", {Direction::incoming, Direction::outgoing});
    if (!scope || !direction) return std::nullopt;
    return subject_of(*scope, *direction, json.at("subject"));
} catch (const Json::exception&) {
    return std::nullopt;
}

std::optional<Alert> alert_from_json(const Json& json) try {
    static constexpr std::initializer_list<AlertLevel> levels = {AlertLevel::none, AlertLevel::warn, AlertLevel::error,
                                                                 AlertLevel::critical};
    const auto level = named<AlertLevel>(json, "level", levels), peak = named<AlertLevel>(json, "peak_level", levels);
    const auto subject = alert_subject_from_json(json);
    if (!subject || !level || !peak) return std::nullopt;
    Alert alert;
    alert.id = json.at("id");
    alert.subject = *subject;
    alert.level = *level;
    alert.peak_level = *peak;
    alert.per_second = json.at("per_second");
    alert.peak_per_second = json.at("peak_per_second");
    alert.share = json.at("share");
    alert.since = microseconds(json.at("since"));
    alert.fired = microseconds(json.at("fired"));
    if (!json.at("until").is_null()) alert.until = microseconds(json.at("until"));
    alert.acknowledged = json.at("acknowledged");
    // Versions before did not have these.
    alert.failed = json.value("failed", std::uint64_t{0});
    if (const auto at = json.find("acknowledged_at"); at != json.end() && !at->is_null())
        alert.acknowledged_at = microseconds(*at);
    if (const auto at = json.find("baseline"); at != json.end() && !at->is_null()) alert.baseline = baseline_from(*at);
    alert.no_data = json.at("cause") == "no_data";
    alert.cause = tally::outcome_from_name(json.at("cause").get<std::string>()).value_or(tally::Outcome::undetermined);
    alert.service = json.at("service");
    alert.host = json.value("host", "");
    alert.clients = json.at("clients");
    alert.text = json.at("text");
    return alert;
} catch (const Json::exception&) {
    return std::nullopt;  // written by another version, or damaged: an alert that lasts is raised again
}

}  // namespace rstwatch::control
