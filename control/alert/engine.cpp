// SPDX-License-Identifier: Apache-2.0
#include "control/alert/engine.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <tuple>

namespace rstwatch::control {
namespace {

constexpr tally::Time listed_for = 3600 * tally::second;
/// After so many intervals without a packet all rates are zero.
constexpr tally::Interval rate_span = 10;

/// The same for the same failure, whenever it is computed: FNV-1a (Fowler, Noll, Vo; draft-eastlake-fnv).
std::string id_of(const AlertSubject& subject, tally::Time since) {
    const std::string text =
        to_string(subject) + ' ' + std::string(name(subject.direction)) + ' ' + std::to_string(since);
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    std::array<char, 17> digits{};
    std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(hash));
    return digits.data();
}

}  // namespace

AlertEngine::AlertEngine(const config::Settings& settings, bool live, Narrator narrator, Listener listener)
    : settings_(settings.alerts),
      home_(config::networks_of(settings.networks.home)),
      live_(live),
      narrator_(std::move(narrator)),
      listener_(std::move(listener)) {}

void AlertEngine::step(const FailureBook& book, tally::Interval interval, std::uint64_t packets) {
    if (!last_) last_data_ = interval;
    if (last_) {
        const tally::Interval enough = rate_span + static_cast<tally::Interval>(settings_.clear + settings_.trigger);
        for (tally::Interval now = *last_ + 1; now < interval && now <= *last_ + enough; ++now)
            evaluate(book, now, !live_);
    }
    last_ = interval;
    evaluate(book, interval, !live_ || packets > 0);
    judge_silence(packets, interval);
}

void AlertEngine::evaluate(const FailureBook& book, tally::Interval now, bool has_data) {
    const tally::Time end = tally::interval_start(now + 1);
    const double small = settings_.warn * settings_.hysteresis;
    for (auto& [subject, watched] : watches_)
        if (watched.alert && has_data) watched.alert->per_second = 0;  // unless a cause says otherwise
    std::vector<AlertSubject> present;
    for (const Cause& cause : find_causes(book, now, home_, small)) {
        judge(cause, end, has_data);
        present.push_back(cause.subject);
    }
    for (auto& [subject, watched] : watches_) {
        if (std::ranges::binary_search(present, subject) || !has_data) continue;
        if (watched.watch.step(settings_, 0, 0)) clear(watched, end);
    }
    forget(end);
}

void AlertEngine::judge(const Cause& cause, tally::Time now, bool has_data) {
    Watched* watched = this->watched(cause.subject);
    if (watched == nullptr) return;
    std::optional<AlertLevel> changed;
    if (has_data) changed = watched->watch.step(settings_, cause.rate(), cause.share());
    if (changed && *changed == AlertLevel::none) return clear(*watched, now);
    if (changed && !watched->alert) return raise(*watched, cause, *changed, now);
    if (!watched->alert) return;
    Alert& alert = *watched->alert;
    if (changed) alert.level = *changed;
    update(alert, cause, now);
    if (changed && listener_) listener_(AlertEvent::changed, alert);
}

AlertEngine::Watched* AlertEngine::watched(const AlertSubject& subject) {
    const auto known = watches_.find(subject);
    if (known != watches_.end()) return &known->second;
    if (watches_.size() >= capacity()) {
        ++overflowed_;
        return nullptr;
    }
    return &watches_[subject];
}

void AlertEngine::raise(Watched& watched, const Cause& cause, AlertLevel level, tally::Time now) {
    Alert alert;
    alert.id = id_of(cause.subject, cause.since);
    alert.subject = cause.subject;
    alert.level = level;
    alert.since = cause.since;
    alert.fired = now;
    update(alert, cause, now);
    watched.alert = alert;
    absorb(cause.nested, now);
    if (listener_) listener_(AlertEvent::fired, alert);
}

void AlertEngine::update(Alert& alert, const Cause& cause, tally::Time now) const {
    alert.per_second = cause.rate_since_it_began(now);
    alert.share = cause.share();
    alert.peak_level = std::max(alert.peak_level, alert.level);
    alert.peak_per_second = std::max(alert.peak_per_second, alert.per_second);
    alert.nested = cause.nested;
    if (narrator_) narrator_(alert);
}

void AlertEngine::clear(Watched& watched, tally::Time now) {
    if (!watched.alert) return;
    Alert alert = std::move(*watched.alert);
    watched = {};
    alert.level = AlertLevel::none;
    alert.per_second = 0;
    alert.until = now;
    if (listener_) listener_(AlertEvent::cleared, alert);
    cleared_.push_front(std::move(alert));
}

/// What a new alert explains needs none of its own any more.
void AlertEngine::absorb(const std::vector<AlertSubject>& nested, tally::Time now) {
    for (const AlertSubject& subject : nested) {
        const auto known = watches_.find(subject);
        if (known != watches_.end()) clear(known->second, now);
    }
}

void AlertEngine::forget(tally::Time now) {
    std::erase_if(watches_, [](const auto& each) { return each.second.watch.is_idle() && !each.second.alert; });
    // Whoever replays a day wants to hear of its morning, too.
    const auto is_old = [&](const Alert& alert) { return live_ && *alert.until + listed_for < now; };
    while (!cleared_.empty() && (is_old(cleared_.back()) || cleared_.size() > capacity())) cleared_.pop_back();
}

/// "No packets" must not look like "no failures".
void AlertEngine::judge_silence(std::uint64_t packets, tally::Interval now) {
    if (packets > 0) {
        last_data_ = now;
        if (!no_data_) return;
        Alert alert = std::move(*no_data_);
        no_data_.reset();
        alert.level = AlertLevel::none;
        alert.until = tally::interval_start(now);
        if (listener_) listener_(AlertEvent::cleared, alert);
        cleared_.push_front(std::move(alert));
        return;
    }
    if (!live_ || no_data_ || static_cast<double>(now - last_data_) < settings_.no_data) return;
    Alert alert;
    alert.no_data = true;
    alert.level = alert.peak_level = AlertLevel::error;
    alert.since = tally::interval_start(last_data_ + 1);
    alert.fired = tally::interval_start(now + 1);
    alert.id = id_of(alert.subject, alert.since);
    if (narrator_) narrator_(alert);
    no_data_ = alert;
    if (listener_) listener_(AlertEvent::fired, alert);
}

std::vector<Alert> AlertEngine::alerts() const {
    std::vector<Alert> all;
    if (no_data_) all.push_back(*no_data_);
    for (const auto& [subject, watched] : watches_)
        if (watched.alert) all.push_back(*watched.alert);
    std::ranges::stable_sort(all, [](const Alert& a, const Alert& b) {
        return std::tuple(b.level, b.per_second) < std::tuple(a.level, a.per_second);
    });
    all.insert(all.end(), cleared_.begin(), cleared_.end());
    return all;
}

std::optional<Alert> AlertEngine::acknowledge(const std::string& id) {
    const auto take = [&](Alert& alert) {
        if (!alert.acknowledged && listener_) {
            alert.acknowledged = true;
            listener_(AlertEvent::acknowledged, alert);
        }
        alert.acknowledged = true;
        return alert;
    };
    if (no_data_ && no_data_->id == id) return take(*no_data_);
    for (auto& [subject, watched] : watches_)
        if (watched.alert && watched.alert->id == id) return take(*watched.alert);
    for (Alert& alert : cleared_)
        if (alert.id == id) return take(alert);
    return std::nullopt;
}

void AlertEngine::restore(const Alert& alert) {
    if (alert.no_data && !alert.until) return;  // whether there is data will show
    if (alert.until) {
        cleared_.push_back(alert);
        std::ranges::stable_sort(cleared_, std::greater{}, [](const Alert& each) { return *each.until; });
        return;
    }
    if (Watched* watched = this->watched(alert.subject)) {
        watched->watch.resume(alert.level);
        watched->alert = alert;
    }
}

}  // namespace rstwatch::control
