// SPDX-License-Identifier: Apache-2.0
#include "control/keeper.h"

#include <algorithm>

#include "control/export/alert_json.h"

namespace rstwatch::control {
namespace {

constexpr const char* services_space = "service";
constexpr const char* alerts_space = "alert";
/// Between two savings: what a crash may cost, besides what the store has not committed.
constexpr tally::Interval pause = 3;

tally::Time time_at(const Json& json, const char* name) {
    return json.value(name, tally::Time{0});
}

/// Times in microseconds, unlike in documents: they come back exactly.
Json service_state(const RegistryRow& row, const Failure* failure, const Identity* identity) {
    Json json = {{"accepted", row.accepted.count},
                 {"first_accepted", row.accepted.first},
                 {"last_accepted", row.accepted.last},
                 {"heard", row.heard},
                 {"last_response", row.last_response}};
    if (failure != nullptr && failure->failed > 0)
        json["failing"] = {{"since", failure->since},
                           {"last", failure->last},
                           {"failed", failure->failed},
                           {"recovered_at", failure->recovered_at},
                           {"cause", tally::name(failure->cause())}};
    if (identity != nullptr && !identity->application.empty())
        json["identity"] = {
            {"application", identity->application}, {"detail", identity->detail}, {"seen", identity->seen}};
    return json;
}

void resume_service(const Keeper::Kept& kept, const tally::Endpoint& service, const Json& json) {
    kept.registry.resume(service, json.value("accepted", std::uint64_t{0}), time_at(json, "first_accepted"),
                         time_at(json, "last_accepted"), json.value("heard", false), time_at(json, "last_response"));
    if (const auto failing = json.find("failing"); failing != json.end()) {
        const auto cause = tally::outcome_from_name(failing->value("cause", std::string()));
        if (cause)
            kept.failures.resume(service, *cause, failing->value("failed", std::uint64_t{0}),
                                 time_at(*failing, "since"), time_at(*failing, "last"),
                                 time_at(*failing, "recovered_at"));
    }
    if (const auto identity = json.find("identity"); identity != json.end()) {
        Identity known;
        known.application = identity->value("application", std::string());
        known.detail = identity->value("detail", std::string());
        known.seen = time_at(*identity, "seen");
        kept.names.restore(service, known);
    }
}

}  // namespace

void Keeper::load(std::size_t capacity) {
    if (!is_on()) return;
    struct Found {
        tally::Endpoint service;
        Json state;
        tally::Time last;
    };
    std::vector<Found> found;
    for (const auto& [key, text] : store_->load_all(services_space)) {
        const auto service = tally::parse_endpoint(key);
        const Json json = Json::parse(text, nullptr, false);
        if (!service || !json.is_object()) continue;
        const tally::Time failed = json.contains("failing") ? time_at(json["failing"], "last") : 0;
        found.push_back({*service, json, std::max(time_at(json, "last_accepted"), failed)});
    }
    std::ranges::sort(found, [](const Found& a, const Found& b) {
        return a.last != b.last ? a.last > b.last : a.service < b.service;
    });
    for (std::size_t i = 0; i < found.size(); ++i) {
        if (i < capacity) resume_service(kept_, found[i].service, found[i].state);
        if (i >= capacity) store_->erase(services_space, to_string(found[i].service));
    }
    for (const auto& [id, text] : store_->load_all(alerts_space)) {
        const auto alert = alert_from_json(Json::parse(text, nullptr, false));
        if (alert) kept_.alerts.restore(*alert);
        saved_alerts_.insert(id);
    }
    generation_ = store_->generation();
}

void Keeper::follow(const MergedInterval& interval) {
    if (!is_on()) return;
    for (const tally::Row& row : interval.destinations) changed_.insert({row.key.address, row.key.port});
    for (const tally::AttemptRecord& record : interval.records)
        if (record.server_bytes > 0) changed_.insert(record.server);
    if (interval.interval < saved_in_ + pause) return;
    saved_in_ = interval.interval;
    save();
}

void Keeper::save() {
    if (!is_on()) return;
    if (store_->generation() != generation_) {  // the file was begun anew: all of it is news
        generation_ = store_->generation();
        saved_alerts_.clear();
        for (const RegistryRow& row : kept_.registry.destinations().rows()) changed_.insert(row.key);
    }
    save_services();
    save_alerts();
}

void Keeper::save_services() {
    for (const tally::Endpoint& service : changed_) {
        const RegistryRow* row = kept_.registry.destination(service);
        if (row == nullptr) continue;
        const Json state = service_state(*row, kept_.failures.of_service(service), kept_.names.identity_of(service));
        store_->save(services_space, to_string(service), state.dump(-1, ' ', true, Json::error_handler_t::replace));
    }
    changed_.clear();
}

void Keeper::save_alerts() {
    std::set<std::string> listed;
    for (const Alert& alert : kept_.alerts.alerts()) {
        listed.insert(alert.id);
        // One that was cleared does not change any more.
        if (alert.until && saved_alerts_.contains(alert.id + " cleared")) {
            listed.insert(alert.id + " cleared");
            continue;
        }
        const tally::Time now = alert.until.value_or(alert.fired);
        store_->save(alerts_space, alert.id,
                     alert_json(alert, now).dump(-1, ' ', true, Json::error_handler_t::replace));
        if (alert.until) listed.insert(alert.id + " cleared");
    }
    for (const std::string& id : saved_alerts_)
        if (!listed.contains(id) && !id.ends_with(" cleared")) store_->erase(alerts_space, id);
    saved_alerts_ = std::move(listed);
}

}  // namespace rstwatch::control
