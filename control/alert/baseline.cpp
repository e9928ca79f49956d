// SPDX-License-Identifier: Apache-2.0
#include "control/alert/baseline.h"

#include <algorithm>
#include <cmath>

namespace rstwatch::control {
namespace {

/// Of the moving average: the last hour weighs as much as all before it.
constexpr double weight_of_a_minute = 1.0 / 60;
/// Makes the median absolute deviation an estimate of the standard deviation, where that is a normal one.
constexpr double mad_to_deviation = 1.4826;
/// The least that the spread is taken for. With the usual slack of 1 what is less than a third more than usual is none,
/// however regular it has been.
constexpr double least_spread = 0.3;
constexpr std::size_t enough_weeks = 2;
constexpr std::size_t enough_days = 3;
/// Minutes of an hour that have to be known for it to count.
constexpr std::uint64_t enough_minutes = 30;

/// Hours are kept in steps of 7 %, up to what no network has: 70 million failures in a minute.
constexpr double steps_per_unit = 14;
constexpr std::uint8_t unknown = 255;

std::uint8_t packed(double value) {
    return static_cast<std::uint8_t>(std::clamp(std::lround(value * steps_per_unit), 0L, 254L));
}

double unpacked(std::uint8_t byte) {
    return byte / steps_per_unit;
}

/// Of at least one value.
double median(std::vector<double> values) {
    std::ranges::sort(values);
    const std::size_t half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

double median_absolute_deviation(std::vector<double> values) {
    const double middle = median(values);
    for (double& value : values) value = std::abs(value - middle);
    return median(std::move(values));
}

AlertLevel level_of(double deviation, const BaselineLimits& limits, double factor) {
    if (deviation >= limits.critical * factor) return AlertLevel::critical;
    return deviation >= limits.error * factor ? AlertLevel::error : AlertLevel::warn;
}

}  // namespace

double Usual::per_second() const {
    return std::expm1(level) / 60;
}

double Usual::deviation_of(double failed) const {
    return (std::log1p(failed) - level) / spread;
}

BaselineLimits::BaselineLimits(const config::Settings& settings)
    : least(settings.baseline.rate * 60),
      slack(settings.baseline.slack),
      limit(settings.baseline.limit),
      error(settings.baseline.error),
      critical(settings.baseline.critical),
      hysteresis(settings.alerts.hysteresis),
      history(static_cast<std::uint64_t>(settings.baseline.history / 60)) {}

Baseline::Baseline(std::size_t weeks) : weeks_(weeks) {
    state_.hours.assign(2 * WeekHour::in_a_week * weeks_, unknown);
}

Baseline::Baseline(std::size_t weeks, State state) : weeks_(weeks), state_(std::move(state)) {
    const std::size_t size = 2 * WeekHour::in_a_week * weeks_;
    if (state_.hours.size() != size) state_.hours.assign(size, unknown);
}

std::size_t Baseline::place(int of_week, std::int64_t week) const {
    const auto ring = static_cast<std::int64_t>(weeks_);
    return 2 * (static_cast<std::size_t>(of_week) * weeks_ + static_cast<std::size_t>((week % ring + ring) % ring));
}

void Baseline::enter(WeekHour hour) {
    if (hour == state_.hour) return;
    const auto kept = static_cast<std::int64_t>(WeekHour::in_a_week * weeks_);
    if (hour.number - state_.hour.number > kept) *this = Baseline(weeks_);  // all that is known is too old
    learn_held();
    close_hour();
    // What was not watched is not known.
    const std::int64_t first = std::max(state_.hour.number + 1, hour.number - kept);
    for (std::int64_t missed = first; missed < hour.number; ++missed) forget_hour({missed});
    state_.hour = hour;
}

void Baseline::close_hour() {
    const double count = static_cast<double>(state_.minutes);
    if (state_.minutes >= enough_minutes) {
        const double mean = state_.sum / count;
        const std::size_t at = place(state_.hour.of_week(), state_.hour.week());
        state_.hours[at] = packed(mean);
        state_.hours[at + 1] = packed(std::sqrt(std::max(0.0, state_.squares / count - mean * mean)));
    } else {
        forget_hour(state_.hour);
    }
    state_.sum = state_.squares = 0;
    state_.minutes = 0;
}

void Baseline::forget_hour(WeekHour hour) {
    const std::size_t at = place(hour.of_week(), hour.week());
    state_.hours[at] = state_.hours[at + 1] = unknown;
}

Baseline::Hours Baseline::same_hours_of_week() const {
    Hours found;
    for (std::size_t week = 0; week < weeks_; ++week) {
        const std::size_t at = place(state_.hour.of_week(), static_cast<std::int64_t>(week));
        if (state_.hours[at] == unknown) continue;
        found.means.push_back(unpacked(state_.hours[at]));
        found.deviations.push_back(unpacked(state_.hours[at + 1]));
    }
    return found;
}

Baseline::Hours Baseline::same_hours_of_day() const {
    Hours found;
    for (int of_week = state_.hour.of_week() % 24; of_week < WeekHour::in_a_week; of_week += 24) {
        for (std::size_t week = 0; week < weeks_; ++week) {
            const std::size_t at = place(of_week, static_cast<std::int64_t>(week));
            if (state_.hours[at] == unknown) continue;
            found.means.push_back(unpacked(state_.hours[at]));
            found.deviations.push_back(unpacked(state_.hours[at + 1]));
        }
    }
    return found;
}

Usual Baseline::usual() const {
    Usual usual;
    usual.of_week = state_.hour.of_week();
    Hours hours = same_hours_of_week();
    usual.basis = Usual::Basis::hour_of_week;
    if (hours.means.size() < enough_weeks) {
        hours = same_hours_of_day();
        usual.basis = Usual::Basis::hour_of_day;
    }
    if (usual.basis == Usual::Basis::hour_of_day && hours.means.size() < enough_days) {
        usual.basis = Usual::Basis::recent;
        usual.level = state_.level;
        usual.spread = std::max(std::sqrt(state_.variance), least_spread);
        return usual;
    }
    usual.samples = static_cast<unsigned>(hours.means.size());
    usual.level = median(hours.means);
    const double by_week = mad_to_deviation * median_absolute_deviation(hours.means);
    usual.spread = std::max(std::hypot(by_week, median(std::move(hours.deviations))), least_spread);
    return usual;
}

std::optional<BaselineVerdict> Baseline::judge(std::uint64_t minute, double failed, const BaselineLimits& limits) {
    if (!speaks(limits)) return std::nullopt;
    BaselineVerdict verdict;
    verdict.usual = usual();
    verdict.deviation = verdict.usual.deviation_of(failed);
    const bool matters = failed >= limits.least;
    const double adds = (matters ? verdict.deviation : std::min(verdict.deviation, 0.0)) - limits.slack;
    const bool was_zero = state_.cusum == 0;
    // Bounded, so that what is over for good is soon forgotten.
    state_.cusum = std::clamp(state_.cusum + adds, 0.0, 2 * limits.limit);
    if (state_.cusum > 0) {
        if (was_zero) {
            state_.rising_since = minute;
            state_.rising_failed = 0;
        }
        state_.rising_failed += static_cast<std::uint64_t>(failed);
    }
    if (adds > 0 && state_.cusum >= limits.limit) verdict.reached = level_of(verdict.deviation, limits, 1);
    const double keeping = limits.hysteresis;
    if (failed >= limits.least * keeping && verdict.deviation >= limits.slack * keeping)
        verdict.kept = level_of(verdict.deviation, limits, keeping);
    return verdict;
}

void Baseline::learn(double failed) {
    if (state_.cusum > 0) {
        state_.held.push_back(failed);  // at most an hour of them
        return;
    }
    learn_held();
    learn_now(failed);
}

void Baseline::learn_held() {
    for (const double failed : state_.held) learn_now(failed);
    forget_held();
}

/// Mean and variance as by Finch 2009, "Incremental calculation of weighted mean and variance", section 9.
void Baseline::learn_now(double failed) {
    const double value = std::log1p(failed);
    const double difference = value - state_.level;
    if (state_.learnt++ == 0) {
        state_.level = value;
    } else {
        state_.level += weight_of_a_minute * difference;
        state_.variance = (1 - weight_of_a_minute) * (state_.variance + weight_of_a_minute * difference * difference);
    }
    state_.sum += value;
    state_.squares += value * value;
    ++state_.minutes;
}

void Baseline::learn_anew(double failed) {
    const WeekHour hour = state_.hour;
    *this = Baseline(weeks_);
    state_.hour = hour;
    state_.level = std::log1p(failed);
}

double Baseline::worth() const {
    double sum = 0;
    std::size_t known = 0;
    for (std::size_t at = 0; at < state_.hours.size(); at += 2) {
        if (state_.hours[at] == unknown) continue;
        sum += unpacked(state_.hours[at]);
        ++known;
    }
    const double in_hour = state_.minutes == 0 ? 0 : state_.sum / static_cast<double>(state_.minutes);
    return state_.level + in_hour + (known == 0 ? 0 : sum / static_cast<double>(known));
}

}  // namespace rstwatch::control
