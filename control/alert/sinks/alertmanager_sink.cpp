// SPDX-License-Identifier: Apache-2.0
#include "control/alert/sinks/alertmanager_sink.h"

#include <utility>

#include "control/alert/sinks/date_time.h"
#include "control/wall_time.h"

namespace rstwatch::control {
namespace {

/// Of an alert that is over the level is none; what it was about is what it was at its worst.
AlertLevel severity_of(const Alert& alert) {
    return alert.level == AlertLevel::none ? alert.peak_level : alert.level;
}

Json annotations_of(const Alert& alert) {
    Json json = {{"summary", alert.text}, {"id", alert.id}};
    if (!alert.service.empty()) json["service"] = alert.service;
    return json;
}

}  // namespace

AlertmanagerSink::AlertmanagerSink(HttpReceiver receiver, std::string sensor, std::size_t capacity)
    : receiver_(std::move(receiver)), sensor_(std::move(sensor)), capacity_(capacity) {
    std::string& path = receiver_.target.path;
    if (path.ends_with('/')) path.pop_back();
    path += "/api/v2/alerts";
}

Json AlertmanagerSink::labels_of(const Alert& alert) const {
    return {{"alertname", "RstwatchFailedConnections"},
            {"severity", name(severity_of(alert))},
            {"scope", name(alert.subject.scope)},
            {"direction", name(alert.subject.direction)},
            {"subject", to_string(alert.subject)},
            {"cause", cause_name(alert)},
            {"sensor", sensor_}};
}

void AlertmanagerSink::deliver(const std::vector<AlertNotice>& notices, Done done) {
    Json posted = Json::array();
    for (const AlertNotice& notice : notices) {
        const Alert& alert = notice.alert;
        Json labels = labels_of(alert);
        const auto told = told_.find(alert.id);
        // What ends ends under the labels that it was told with.
        if (told != told_.end() && alert.until) labels = told->second;
        if (told != told_.end() && told->second != labels)
            posted.push_back({{"labels", told->second},
                              {"annotations", annotations_of(alert)},
                              {"startsAt", rfc3339(notice.wall(alert.since))},
                              {"endsAt", rfc3339(wall_time())}});
        Json json = {{"labels", std::move(labels)},
                     {"annotations", annotations_of(alert)},
                     {"startsAt", rfc3339(notice.wall(alert.since))}};
        if (alert.until) json["endsAt"] = rfc3339(notice.wall(*alert.until));
        posted.push_back(std::move(json));
    }
    std::make_shared<HttpPost>(receiver_, posted.dump(-1, ' ', true, Json::error_handler_t::replace),
                               [this, notices, done = std::move(done)](const Delivery& delivery) {
                                   if (delivery.verdict == Delivery::Verdict::accepted) remember(notices);
                                   done(delivery);
                               })
        ->start();
}

void AlertmanagerSink::remember(const std::vector<AlertNotice>& notices) {
    for (const AlertNotice& notice : notices) {
        if (notice.alert.until)
            told_.erase(notice.alert.id);
        else if (told_.size() < capacity_ || told_.contains(notice.alert.id))
            told_.insert_or_assign(notice.alert.id, labels_of(notice.alert));
    }
}

}  // namespace rstwatch::control
