// SPDX-License-Identifier: Apache-2.0
#include "control/keeper.h"

#include <algorithm>

#include "control/export/alert_json.h"
#include "control/export/baseline_json.h"

namespace rstwatch::control {
namespace {

constexpr const char* alerts_space = "alert";
constexpr const char* baselines_space = "baseline";
constexpr const char* silence_key = "silence";
/// Between two savings: what a crash may cost, besides what the store has not committed.
constexpr tally::Interval pause = 3;

tally::Time last_sign_of(const KeptService& kept) {
    return std::max(kept.last_accepted, kept.failing ? kept.failing->last : 0);
}

void resume(const Keeper::Kept& kept, const KeptService& service) {
    kept.registry.resume(service.service, service.accepted, service.first_accepted, service.last_accepted,
                         service.heard, service.last_response);
    if (const auto& failing = service.failing)
        kept.failures.resume(service.service, failing->cause, failing->failed, failing->since, failing->last,
                             failing->recovered_at);
    if (service.application.empty()) return;
    Identity known;
    known.application = service.application;
    known.detail = service.detail;
    known.seen = service.identified;
    kept.names.restore(service.service, known);
}

}  // namespace

Keeper::Keeper(Store* store, Kept kept)
    : store_(store), kept_(kept), failing_(kept.registry.destinations().capacity()) {}

void Keeper::load(std::size_t capacity) {
    if (!is_on()) return;
    load_services(capacity);
    load_baselines();
    load_alerts();
    generation_ = store_->generation();
}

void Keeper::load_alerts() {
    for (const auto& [id, text] : store_->load_all(alerts_space)) {
        const auto alert = alert_from_json(Json::parse(text, nullptr, false));
        if (alert) kept_.alerts.restore(*alert);
        saved_alerts_.insert(id);
    }
}

/// Where alerts are by thresholds alone, what is known of what is usual stays in the file.
void Keeper::load_baselines() {
    auto& baselines = kept_.alerts.baselines();
    if (!baselines) return;
    for (const auto& [key, text] : store_->load_all(baselines_space)) {
        saved_baselines_.insert(key);
        const Json json = Json::parse(text, nullptr, false);
        auto state = baseline_state_from_json(json);
        if (!state) continue;
        if (key == silence_key) {
            baselines->restore_silence(std::move(*state));
        } else if (const auto subject = alert_subject_from_json(json)) {
            baselines->restore(*subject, std::move(*state));
        }
    }
    saved_hour_ = baselines->hour().number;
}

void Keeper::load_services(std::size_t capacity) {
    std::vector<KeptService> found = store_->load_services();
    std::ranges::sort(found, [](const KeptService& a, const KeptService& b) {
        const tally::Time of_a = last_sign_of(a), of_b = last_sign_of(b);
        return of_a != of_b ? of_a > of_b : a.service < b.service;
    });
    std::vector<tally::Endpoint> without_room;
    for (std::size_t i = 0; i < found.size(); ++i) {
        if (i < capacity) resume(kept_, found[i]);
        if (i >= capacity) without_room.push_back(found[i].service);
    }
    store_->erase(std::move(without_room));
}

void Keeper::follow(const MergedInterval& interval) {
    if (!is_on()) return;
    for (const tally::Row& row : interval.destinations) {
        if (!tally::counts_failures(row)) continue;
        const RegistryRow* known = kept_.registry.destination({row.key.address, row.key.port});
        if (known != nullptr) failing_.set(kept_.registry.place_of(*known));
    }
    if (interval.interval >= saved_in_ + pause) {
        saved_in_ = interval.interval;
        begin_anew_if_the_file_was();
        saving_ = true;
        save_alerts();
        const auto& baselines = kept_.alerts.baselines();
        if (baselines && baselines->hour().number != saved_hour_) save_baselines();
    }
    if (saving_) save_services(most_at_once);
}

void Keeper::save() {
    if (!is_on()) return;
    begin_anew_if_the_file_was();
    next_failing_ = next_ = 0;
    save_services(kept_.registry.destinations().size());
    save_alerts();
    save_baselines();
}

/// Then all of it is news.
void Keeper::begin_anew_if_the_file_was() {
    if (store_->generation() == generation_) return;
    generation_ = store_->generation();
    saved_alerts_.clear();
    saved_baselines_.clear();
    saved_hour_ = 0;
    for (std::size_t place = 0; place < kept_.registry.destinations().size(); ++place)
        kept_.registry.changed_destinations().set(place);
}

KeptService Keeper::state_of(const RegistryRow& row) const {
    KeptService kept;
    kept.service = row.key;
    kept.accepted = row.accepted.count;
    kept.first_accepted = row.accepted.first;
    kept.last_accepted = row.accepted.last;
    kept.heard = row.heard;
    kept.last_response = row.last_response;
    const Failure* failure = kept_.failures.of_service(row.key);
    if (failure != nullptr && failure->failed > 0)
        kept.failing = {failure->failed, failure->since, failure->last, failure->recovered_at, failure->cause()};
    if (const Identity* identity = kept_.names.identity_of(row.key)) {
        kept.application = identity->application;
        kept.detail = identity->detail;
        kept.identified = identity->seen;
    }
    return kept;
}

/// Those that are marked, `most` of them, going on where it ended the last time.
std::vector<KeptService> Keeper::take(RowMarks& marks, std::size_t& from, std::size_t most) {
    const std::vector<RegistryRow>& rows = kept_.registry.destinations().rows();
    std::vector<KeptService> taken;
    for (from = marks.next(from); from < rows.size() && taken.size() < most; from = marks.next(from + 1)) {
        marks.clear(from);
        kept_.registry.changed_destinations().clear(from);
        taken.push_back(state_of(rows[from]));
    }
    return taken;
}

void Keeper::save_services(std::size_t most) {
    const std::size_t rows = kept_.registry.destinations().size();
    std::vector<KeptService> failing = take(failing_, next_failing_, most);
    if (next_failing_ >= rows) next_failing_ = 0;
    const std::size_t left = most - failing.size();
    store_->save(std::move(failing));
    store_->save(take(kept_.registry.changed_destinations(), next_, left));
    if (next_ < rows) return;
    next_ = 0;
    saving_ = false;
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

void Keeper::save_baselines() {
    const auto& baselines = kept_.alerts.baselines();
    if (!baselines) return;
    saved_hour_ = baselines->hour().number;
    std::set<std::string> listed;
    const auto save = [&](const std::string& key, const Json& json) {
        store_->save(baselines_space, key, json.dump());
        listed.insert(key);
    };
    save(silence_key, baseline_state_json(baselines->silence().state()));
    baselines->for_each([&](const AlertSubject& subject, const Baseline& baseline) {
        Json json = baseline_state_json(baseline.state());
        json["scope"] = name(subject.scope);
        json["direction"] = name(subject.direction);
        json["subject"] = to_string(subject);
        save(std::string(name(subject.scope)) + ' ' + std::string(name(subject.direction)) + ' ' + to_string(subject),
             json);
    });
    for (const std::string& key : saved_baselines_)
        if (!listed.contains(key)) store_->erase(baselines_space, key);
    saved_baselines_ = std::move(listed);
}

}  // namespace rstwatch::control
