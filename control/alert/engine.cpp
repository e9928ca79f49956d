// SPDX-License-Identifier: Apache-2.0
#include "control/alert/engine.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>
#include <tuple>
#include <utility>

#include "control/registry/walk_ahead.h"

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

/// Attempts of a subject that failed in one second.
std::uint64_t failed_in_second(const FailureBook& book, const AlertSubject& subject,
                               const std::vector<AlertSubject>& services, tally::Interval second) {
    const auto of = [&](const Failure* failure) {
        return failure == nullptr ? 0 : failure->rates.in_second(second).failed;
    };
    if (subject.scope == AlertScope::host && subject.direction == Direction::outgoing)
        return of(book.of_client(subject.endpoint.address));
    std::uint64_t sum = 0;
    walk_ahead(
        services, [&](const AlertSubject& service, auto fetch) { fetch(book.services(), service.endpoint); },
        [&](const AlertSubject& service) { sum += of(book.why_fails(service.endpoint)); });
    return sum;
}

}  // namespace

AlertEngine::AlertEngine(const config::Settings& settings, bool live, Narrator narrator, Listener listener)
    : settings_(settings.alerts),
      accept_after_(static_cast<tally::Time>(settings.baseline.accept * tally::second)),
      by_thresholds_(settings.alerts.mode != "baseline"),
      home_(config::networks_of(settings.networks.home)),
      live_(live),
      narrator_(std::move(narrator)),
      listener_(std::move(listener)) {
    if (settings.alerts.mode != "fixed") baselines_.emplace(settings);
}

void AlertEngine::set(const config::Settings& settings) {
    settings_ = settings.alerts;
    accept_after_ = static_cast<tally::Time>(settings.baseline.accept * tally::second);
    home_ = config::networks_of(settings.networks.home);
    if (baselines_) baselines_->set_limits(BaselineLimits(settings));
}

void AlertEngine::step(const FailureBook& book, tally::Interval interval, std::uint64_t packets) {
    if (!last_) last_data_ = interval;
    if (last_) {
        const tally::Interval enough = rate_span + static_cast<tally::Interval>(settings_.clear + settings_.trigger);
        for (tally::Interval now = *last_ + 1; now < interval && now <= *last_ + enough; ++now)
            evaluate(book, now, !live_);
    }
    last_ = interval;
    evaluate(book, interval, !live_ || packets > 0);
    minute_packets_ += packets;
    judge_silence(packets, interval);
}

void AlertEngine::evaluate(const FailureBook& book, tally::Interval now, bool has_data) {
    const Moment moment{book, now, tally::interval_start(now + 1)};
    count_second(moment);
    if (baselines_) enter_minute(book, now);
    if (by_thresholds_) judge_by_thresholds(moment, has_data);
    for (auto& [subject, watched] : watches_)  // before what the narrator looks at has changed too much
        if (watched.updated != now) narrate(watched);
    forget(moment.end);
}

void AlertEngine::count_second(const Moment& moment) {
    for (auto& [subject, watched] : watches_)
        if (watched.alert)
            watched.alert->failed += failed_in_second(moment.book, subject, watched.services, moment.now);
}

void AlertEngine::judge_by_thresholds(const Moment& moment, bool has_data) {
    for (auto& [subject, watched] : watches_)  // zero unless a cause says otherwise
        if (watched.alert && has_data && watched.threshold.level() != AlertLevel::none) watched.alert->per_second = 0;
    std::vector<AlertSubject> present;
    const std::vector<AlertSubject> apart = this->apart(moment.end);
    const CauseSearch search{.now = moment.now, .small = settings_.warn * settings_.hysteresis, .apart = apart};
    for (const Cause& cause : find_causes(moment.book, search, home_)) {
        judge_by_threshold(cause, moment, has_data);
        present.push_back(cause.subject);
    }
    for (auto& [subject, watched] : watches_) {
        if (std::ranges::binary_search(present, subject) || !has_data) continue;
        if (watched.threshold.step(settings_, 0, 0)) follow_level_without_cause(watched, moment.end);
    }
}

void AlertEngine::judge_by_threshold(const Cause& cause, const Moment& moment, bool has_data) {
    Watched* watched = this->watched(cause.subject);
    if (watched == nullptr) return;
    if (has_data) watched->threshold.step(settings_, cause.rate(), cause.share());
    // An alert that only the baseline holds is told of minute by minute.
    const bool is_held_below =
        watched->threshold.level() == AlertLevel::none && watched->alert && watched->alert->level == watched->level();
    if (!is_held_below) follow_level(*watched, cause, moment);
}

/// Minutes are those of the clock. One that has not been watched from its first second on, in which nothing was
/// received, or that is too long ago to be counted any more, is not judged.
void AlertEngine::enter_minute(const FailureBook& book, tally::Interval now) {
    const tally::Interval minute = now / 60;
    if (minute_ && *minute_ == minute) return;
    const bool begins = now % 60 == 0;
    if (minute_) {
        const tally::Interval ended = *minute_;
        const bool is_known =
            minute_is_whole_ && minute_packets_ > 0 && book.interval() / 60 - ended < Rates::minutes_kept;
        if (is_known) judge_by_baselines(ended, {book, now, tally::interval_start((ended + 1) * 60)});
        minute_is_whole_ = begins || minute == ended + 1;
    } else {
        minute_is_whole_ = begins;
    }
    minute_ = minute;
    minute_packets_ = 0;
}

void AlertEngine::judge_by_baselines(tally::Interval minute, const Moment& moment) {
    const std::set<AlertSubject> alerting = this->alerting();
    baselines_->follow(minute, failures_in(moment.book, minute, home_), alerting);
    std::vector<AlertSubject> apart = baselines_->unusual();
    for (const auto& [subject, watched] : watches_)
        if (watched.alert) apart.push_back(subject);
    std::ranges::sort(apart);
    const CauseSearch search{.now = minute * 60 + 59,
                             .span = CauseSearch::Span::minute,
                             .small = std::numeric_limits<double>::infinity(),
                             .apart = apart};
    std::vector<AlertSubject> present;
    for (const Cause& cause : find_causes(moment.book, search, home_)) {
        judge_by_baseline(cause, moment);
        present.push_back(cause.subject);
    }
    for (auto& [subject, watched] : watches_) {
        if (std::ranges::binary_search(present, subject)) continue;
        if (watched.alert && watched.threshold.level() == AlertLevel::none) watched.alert->per_second = 0;
        if (watched.baseline.step({}, 1, settings_.clear)) follow_level_without_cause(watched, moment.end);
    }
    accept_acknowledged(moment.end);
}

void AlertEngine::judge_by_baseline(const Cause& cause, const Moment& moment) {
    const AlertWatch::Step step = step_of(cause);
    if (step.reached == AlertLevel::none && !watches_.contains(cause.subject)) return;
    Watched* watched = this->watched(cause.subject);
    if (watched == nullptr) return;
    // The cumulative sum has waited long enough.
    watched->baseline.step(step, 1, settings_.clear);
    const bool is_told_by_second =
        watched->threshold.level() != AlertLevel::none && watched->alert && watched->alert->level == watched->level();
    if (!is_told_by_second) follow_level(*watched, cause, moment);
}

/// What explains something unusual is unusual.
AlertWatch::Step AlertEngine::step_of(const Cause& cause) const {
    AlertWatch::Step step;
    const auto consider = [&](const AlertSubject& subject) {
        const BaselineVerdict* verdict = baselines_->verdict(subject);
        if (verdict == nullptr) return;
        step.reached = std::max(step.reached, verdict->reached);
        step.kept = std::max(step.kept, verdict->kept);
    };
    consider(cause.subject);
    for (const AlertSubject& part : cause.nested) consider(part);
    for (const AlertSubject& service : cause.services) consider(service);
    return step;
}

/// Somebody knows of it, and lets it be: it is usual by now.
void AlertEngine::accept_acknowledged(tally::Time now) {
    for (auto& [subject, watched] : watches_) {
        if (watched.baseline.level() == AlertLevel::none || !watched.alert || !watched.alert->acknowledged_at) continue;
        if (*watched.alert->acknowledged_at + accept_after_ > now) continue;
        baselines_->accept(subject);
        for (const AlertSubject& part : watched.alert->nested) baselines_->accept(part);
        for (const AlertSubject& service : watched.services) baselines_->accept(service);
        watched.baseline = {};
        if (watched.threshold.level() == AlertLevel::none)
            clear(watched, now, "It goes on, and is taken for usual from now on.");
    }
}

/// Of whom nothing is to be learnt.
std::set<AlertSubject> AlertEngine::alerting() const {
    std::set<AlertSubject> subjects;
    for (const auto& [subject, watched] : watches_) {
        if (!watched.alert) continue;
        subjects.insert(subject);
        subjects.insert(watched.alert->nested.begin(), watched.alert->nested.end());
        subjects.insert(watched.services.begin(), watched.services.end());
    }
    return subjects;
}

/// What has an alert of its own, or had one until a moment ago, is not told a second time as one of many that fail a
/// little, while its rate falls.
std::vector<AlertSubject> AlertEngine::apart(tally::Time now) const {
    std::vector<AlertSubject> subjects;
    for (const auto& [subject, watched] : watches_)
        if (watched.level() != AlertLevel::none || watched.settles(now)) subjects.push_back(subject);
    return subjects;
}

bool AlertEngine::Watched::settles(tally::Time now) const {
    return now < told_until + static_cast<tally::Time>(rate_span) * tally::second;
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

void AlertEngine::follow_level(Watched& watched, const Cause& cause, const Moment& moment) {
    if (watched.level() == AlertLevel::none) return clear(watched, moment.end);
    if (!watched.alert) return raise(watched, cause, moment);
    const bool changed = watched.alert->level != watched.level();
    update(watched, cause, moment);
    if (changed) tell(AlertEvent::changed, watched);
}

void AlertEngine::narrate(Watched& watched) const {
    if (watched.is_untold && watched.alert && narrator_) {
        // Without its cause it has no rate any more; people are told the last one.
        const double rate = std::exchange(watched.alert->per_second, watched.updated_rate);
        narrator_(*watched.alert);
        watched.alert->per_second = rate;
    }
    watched.is_untold = false;
}

void AlertEngine::tell(AlertEvent event, Watched& watched) {
    narrate(watched);
    if (listener_) listener_(event, *watched.alert);
}

void AlertEngine::follow_level_without_cause(Watched& watched, tally::Time now) {
    if (!watched.alert) return;
    if (watched.level() == AlertLevel::none) return clear(watched, now);
    if (watched.alert->level == watched.level()) return;
    watched.alert->level = watched.level();
    tell(AlertEvent::changed, watched);
}

void AlertEngine::raise(Watched& watched, const Cause& cause, const Moment& moment) {
    Alert alert;
    alert.subject = cause.subject;
    alert.fired = moment.end;
    take_beginning(alert, watched, cause, moment);
    alert.id = id_of(alert.subject, alert.since);
    watched.alert = std::move(alert);
    update(watched, cause, moment);
    absorb(cause, moment.end);
    tell(AlertEvent::fired, watched);
}

/// When the failure began; where it has always failed a little, when it began to be unusual: the minute in which the
/// CUSUM left zero for the last time, which is its estimate of the change (Page 1954).
void AlertEngine::take_beginning(Alert& alert, const Watched& watched, const Cause& cause, const Moment& moment) const {
    const tally::Interval ahead = moment.book.interval();
    alert.since = cause.since;
    alert.failed = cause.total;
    if (ahead > moment.now)  // what was withdrawn may have left less than that second counted
        alert.failed -= std::min(alert.failed, failed_in_second(moment.book, cause.subject, cause.services, ahead));
    if (watched.threshold.level() != AlertLevel::none) return;
    std::optional<tally::Interval> change;
    std::uint64_t failed = failed_in_second(moment.book, cause.subject, cause.services, moment.now);
    const auto consider = [&](const AlertSubject& subject) {
        const BaselineVerdict* verdict = baselines_->verdict(subject);
        const Baseline::State* rising = baselines_->rising(subject);
        if (verdict == nullptr || verdict->reached == AlertLevel::none || rising == nullptr) return;
        change = change ? std::min(*change, rising->rising_since) : rising->rising_since;
        failed += rising->rising_failed;
    };
    consider(cause.subject);
    if (!change)
        for (const AlertSubject& service : cause.services) consider(service);
    if (!change || tally::interval_start(*change * 60) <= cause.since) return;
    alert.since = tally::interval_start(*change * 60);
    alert.failed = failed;
}

void AlertEngine::update(Watched& watched, const Cause& cause, const Moment& moment) {
    Alert& alert = *watched.alert;
    watched.services = cause.services;
    alert.level = watched.level();
    alert.per_second = cause.rate_since_it_began(moment.end);
    alert.share = cause.share();
    alert.peak_level = std::max(alert.peak_level, alert.level);
    alert.peak_per_second = std::max(alert.peak_per_second, alert.per_second);
    alert.nested = cause.nested;
    alert.baseline = describe(watched, cause, moment.end);
    watched.is_untold = true;
    watched.updated = moment.now;
    watched.updated_rate = alert.per_second;
}

std::optional<AlertBaseline> AlertEngine::describe(const Watched& watched, const Cause& cause, tally::Time now) const {
    const auto usual = baselines_ ? baselines_->usual(cause.subject) : std::nullopt;
    if (!usual) return std::nullopt;
    return AlertBaseline{watched.baseline.level(), *usual, usual->deviation_of(cause.rate_since_it_began(now) * 60)};
}

void AlertEngine::clear(Watched& watched, tally::Time now, const std::string& remark) {
    if (!watched.alert) return;
    narrate(watched);  // as it was while it lasted
    Alert alert = std::move(*watched.alert);
    if (baselines_) {
        baselines_->settle(alert.subject);
        for (const AlertSubject& service : watched.services) baselines_->settle(service);
    }
    watched = {};
    watched.told_until = now;
    alert.level = AlertLevel::none;
    alert.per_second = 0;
    alert.until = now;
    if (narrator_) narrator_(alert);
    if (!remark.empty()) alert.text += ' ' + remark;
    if (listener_) listener_(AlertEvent::cleared, alert);
    cleared_.push_front(std::move(alert));
}

/// What a new alert explains needs none of its own any more.
void AlertEngine::absorb(const Cause& whole, tally::Time now) {
    const std::string remark = "It goes on as a part of the alert of " + to_string(whole.subject) + '.';
    const auto take = [&](const AlertSubject& part) {
        const auto known = watches_.find(part);
        if (known == watches_.end() || part == whole.subject) return;
        clear(known->second, now, remark);
    };
    for (const AlertSubject& part : whole.nested) take(part);
    for (const AlertSubject& service : whole.services) take(service);
}

void AlertEngine::forget(tally::Time now) {
    std::erase_if(watches_, [&](const auto& each) { return each.second.is_idle(now); });
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
        if (narrator_) narrator_(alert);
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
    for (const auto& [subject, watched] : watches_) {
        if (!watched.alert) continue;
        all.push_back(*watched.alert);
        if (watched.is_untold && narrator_) narrator_(all.back());
    }
    std::ranges::stable_sort(all, [](const Alert& a, const Alert& b) {
        return std::tuple(b.level, b.per_second) < std::tuple(a.level, a.per_second);
    });
    all.insert(all.end(), cleared_.begin(), cleared_.end());
    return all;
}

std::optional<Alert> AlertEngine::acknowledge(const std::string& id) {
    const auto take = [&](Alert& alert) {
        if (alert.acknowledged) return alert;
        alert.acknowledged = true;
        alert.acknowledged_at = last_ ? tally::interval_start(*last_ + 1) : alert.fired;
        if (listener_) listener_(AlertEvent::acknowledged, alert);
        return alert;
    };
    for (auto& [subject, watched] : watches_)
        if (watched.alert && watched.alert->id == id) narrate(watched);
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
    Watched* watched = this->watched(alert.subject);
    if (watched == nullptr) return;
    const AlertLevel by_baseline = baselines_ && alert.baseline ? alert.baseline->level : AlertLevel::none;
    if (baselines_) watched->baseline.resume(by_thresholds_ ? by_baseline : alert.level);
    if (by_thresholds_ && alert.level > by_baseline) watched->threshold.resume(alert.level);
    watched->alert = alert;
    if (alert.subject.scope == AlertScope::service) watched->services = {alert.subject};
    if (listener_) listener_(AlertEvent::resumed, alert);
}

}  // namespace rstwatch::control
