// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "config/settings.h"
#include "control/alert/alert.h"
#include "control/alert/week_hour.h"

namespace rstwatch::control {

/// From when on a minute is unusual. Deviations are in robust standard deviations.
struct BaselineLimits {
    explicit BaselineLimits(const config::Settings& settings);

    double least;  ///< failures in a minute below which nothing is unusual
    double slack;  ///< a deviation that is still usual, k of the CUSUM
    double limit;  ///< deviations beyond it that add up to an alert, h of the CUSUM
    double error;  ///< deviation from which an alert is an error
    double critical;
    double hysteresis;      ///< share of a limit at which a level is kept
    std::uint64_t history;  ///< minutes that have to be known before anything is unusual
};

/// What a minute was, against what is usual.
struct BaselineVerdict {
    Usual usual;
    double deviation = 0;  ///< in robust standard deviations
    AlertLevel reached = AlertLevel::none;
    AlertLevel kept = AlertLevel::none;  ///< an alert that has been raised is kept at this level
};

/// How often one subject fails usually, minute by minute, in fixed memory; and whether it fails more often now. Counts
/// are taken as log(1 + count), in which a rate that changes tenfold is a step of the same height from any level.
///
/// What is usual is, as soon as it is known, the median of the same hour of the week, over the last weeks, and what it
/// spreads: by the week, 1.4826 times the median absolute deviation (Hampel 1974; Rousseeuw and Croux 1993), and within
/// the hour, the median of its standard deviations. Before, the same of the same hour of all days; before that an
/// exponentially weighted moving average of mean and variance (Roberts 1959).
///
/// What is unusual is told by a one-sided cumulative sum of the standardised deviations (Page 1954), so that a slow
/// rise is found as surely as a jump. Control thread only.
class Baseline {
  public:
    /// All that is known, for a store.
    struct State {
        std::uint64_t learnt = 0;  ///< minutes
        double level = 0;          ///< moving average of log(1 + failures in a minute)
        double variance = 0;       ///< moving, likewise
        double cusum = 0;
        std::uint64_t rising_since = 0;   ///< minute since the epoch in which the CUSUM left zero
        std::uint64_t rising_failed = 0;  ///< attempts that have failed since then
        WeekHour hour;                    ///< the one that is being collected
        double sum = 0, squares = 0;      ///< of its logarithms
        std::uint64_t minutes = 0;        ///< of it that were learnt
        /// Failures of minutes that are learnt when it turns out that they were nothing unusual.
        std::vector<double> held;
        /// Two bytes for each hour of the week and each week: mean and standard deviation of its logarithms.
        std::vector<std::uint8_t> hours;
    };

    /// Of how many weeks each hour is kept.
    explicit Baseline(std::size_t weeks);
    /// Takes up what was stored. If it is of another number of weeks, the hours have to be learnt anew.
    Baseline(std::size_t weeks, State state);

    /// To be called before a minute of this hour is judged or learnt.
    void enter(WeekHour hour);

    /// What is usual in this hour. Always an answer, however little it rests on.
    Usual usual() const;

    /// Whether enough is known to judge by.
    bool speaks(const BaselineLimits& limits) const { return state_.learnt >= limits.history; }

    /// A minute in which `failed` attempts failed. Nothing while too little is known.
    std::optional<BaselineVerdict> judge(std::uint64_t minute, double failed, const BaselineLimits& limits);

    /// Learns a minute; while the CUSUM is not zero, only once it is back there, or the hour is over.
    void learn(double failed);
    /// Something unusual goes on: what led to it is not learnt.
    void forget_held() { state_.held.clear(); }

    /// It may be that something unusual has begun.
    bool is_suspect(const BaselineLimits& limits) const { return state_.cusum >= limits.limit / 2; }

    /// The CUSUM begins at zero again.
    void settle() {
        state_.cusum = 0;
        forget_held();
    }

    /// What it has been is over: from now on it is usual that `failed` attempts fail in a minute.
    void learn_anew(double failed);

    /// How much there is to forget: 0 of somebody who hardly ever fails.
    double worth() const;

    const State& state() const { return state_; }

  private:
    struct Hours {
        std::vector<double> means, deviations;
    };
    std::size_t place(int of_week, std::int64_t week) const;
    void learn_now(double failed);
    void learn_held();
    void close_hour();
    void forget_hour(WeekHour hour);
    Hours same_hours_of_week() const;
    Hours same_hours_of_day() const;

    std::size_t weeks_;
    State state_;
};

}  // namespace rstwatch::control
