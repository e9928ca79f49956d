// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "config/settings.h"
#include "control/alert/baseline.h"
#include "control/alert/minute_failures.h"

namespace rstwatch::control {

/// What is usual of every subject that has ever failed, and who fails unusually. Who has not failed yet is known to be
/// silent for as long as anybody has been watching: so a service that breaks for the first time is unusual at once.
/// Bounded: who fails least gives way, counted; what was forgotten so is not taken for silence. Control thread only.
class Baselines {
  public:
    explicit Baselines(const config::Settings& settings);

    /// From the next minute on.
    void set_limits(const BaselineLimits& limits) { limits_ = limits; }

    /// A minute (counted since the epoch) in which packets were received, whole. `failures` are in the order of
    /// subjects. Nothing is learnt of the subjects in `alerting`; and these, and whatever is found to be unusual, are
    /// taken to fail as usual where hosts and the network are judged that they are part of.
    void follow(tally::Interval minute, const std::vector<MinuteFailures>& failures,
                const std::set<AlertSubject>& alerting);

    /// Who failed unusually in the last minute. In order.
    const std::vector<AlertSubject>& unusual() const { return unusual_; }

    /// Of the last minute; null where too little is known.
    const BaselineVerdict* verdict(const AlertSubject& subject) const;
    /// Nothing where too little is known.
    std::optional<Usual> usual(const AlertSubject& subject) const;
    /// When it became unusual, and how many attempts have failed since then; null where it is not.
    const Baseline::State* rising(const AlertSubject& subject) const;

    /// An alert is over: what led to it does not count any more.
    void settle(const AlertSubject& subject);
    /// What it has done of late is usual from now on; also of what it is a part of, where that shows.
    void accept(const AlertSubject& subject);

    std::size_t size() const { return rows_.size(); }
    std::size_t capacity() const { return capacity_; }
    std::uint64_t evicted() const { return evicted_; }
    /// How often a subject found no room.
    std::uint64_t overflowed() const { return overflowed_; }

    /// Minutes that were watched without forgetting anything of weight, and how many it takes.
    std::uint64_t watched() const { return silence_.state().learnt; }
    std::uint64_t history() const { return limits_.history; }
    WeekHour hour() const { return silence_.state().hour; }

    /// For a store: what is known of who is silent, and of everybody else.
    const Baseline& silence() const { return silence_; }
    void for_each(const std::function<void(const AlertSubject&, const Baseline&)>& visit) const;
    void restore_silence(Baseline::State state);
    void restore(const AlertSubject& subject, Baseline::State state);

  private:
    struct Row {
        Baseline baseline;
        std::optional<BaselineVerdict> verdict{};
        std::uint64_t failed = 0;  // in the last minute
    };
    class Minute;

    static void learn_anew(Row& row);
    std::vector<AlertSubject> wholes_of(const AlertSubject& subject) const;
    void take_in(const std::vector<MinuteFailures>& failures);
    void make_room(std::size_t wanted, const std::vector<MinuteFailures>& failures);

    std::size_t weeks_;
    std::size_t capacity_;
    BaselineLimits limits_;
    Baseline silence_;
    std::map<AlertSubject, Row> rows_;
    std::vector<AlertSubject> unusual_;
    std::multimap<tally::Endpoint, AlertSubject> explained_;  // clients that failed at it in the last minute
    std::uint64_t evicted_ = 0;
    std::uint64_t overflowed_ = 0;
};

}  // namespace rstwatch::control
