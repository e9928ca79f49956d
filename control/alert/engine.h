// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/settings.h"
#include "config/text_form.h"
#include "control/alert/alert.h"
#include "control/alert/baselines.h"
#include "control/alert/causes.h"
#include "control/alert/watch.h"

namespace rstwatch::control {

/// Raises, changes and clears alerts, one for one cause, from what the FailureBook says at the end of each interval:
/// against thresholds every second, against what is usual every minute, or both. Everything in packet time. Control
/// thread only.
class AlertEngine {
  public:
    /// Fills in what people read: service, cause, clients, text. Costs more than all else about an alert, so it is
    /// asked when somebody is told, and not in each second that an alert lasts.
    using Narrator = std::function<void(Alert&)>;
    using Listener = std::function<void(AlertEvent, const Alert&)>;

    AlertEngine(const config::Settings& settings, bool live, Narrator narrator, Listener listener);

    /// The book has followed the interval; `packets` were received in it. Intervals that were skipped, because nothing
    /// was received, are made up for.
    void step(const FailureBook& book, tally::Interval interval, std::uint64_t packets);

    /// Other thresholds and networks, between two intervals. Whether there are baselines, and how large they are,
    /// stays.
    void set(const config::Settings& settings);

    /// Active ones first, worst first; then those cleared within the last hour, newest first.
    std::vector<Alert> alerts() const;

    /// Nothing if there is no such alert.
    std::optional<Alert> acknowledge(const std::string& id);

    /// Takes up an alert that was active, or cleared, before a restart. Those that go on are told anew.
    void restore(const Alert& alert);

    std::size_t watched() const { return watches_.size(); }
    std::size_t capacity() const { return static_cast<std::size_t>(settings_.capacity); }
    std::uint64_t overflowed() const { return overflowed_; }

    /// What is usual; nothing where alerts are by thresholds alone.
    const std::optional<Baselines>& baselines() const { return baselines_; }
    std::optional<Baselines>& baselines() { return baselines_; }

  private:
    struct Watched {
        AlertWatch threshold{};
        AlertWatch baseline{};
        std::optional<Alert> alert{};
        std::vector<AlertSubject> services{};  // that fail by it
        bool is_untold = false;                // what the narrator fills in is of an earlier interval
        tally::Interval updated = 0;           // the last second in which its cause was there
        double updated_rate = 0;               // the alert's, of that second
        tally::Time told_until = 0;            // what failed until then was told by an alert that is over

        AlertLevel level() const { return std::max(threshold.level(), baseline.level()); }
        /// Its rate still holds what was told.
        bool settles(tally::Time now) const;
        bool is_idle(tally::Time now) const {
            return !alert && threshold.is_idle() && baseline.is_idle() && !settles(now);
        }
    };
    /// The second that is judged; the book may be further, where seconds were skipped.
    struct Moment {
        const FailureBook& book;
        tally::Interval now;
        tally::Time end;  // of what is judged: the second, or the last minute
    };

    void evaluate(const FailureBook& book, tally::Interval now, bool has_data);
    void count_second(const Moment& moment);
    void judge_by_thresholds(const Moment& moment, bool has_data);
    void judge_by_threshold(const Cause& cause, const Moment& moment, bool has_data);
    void enter_minute(const FailureBook& book, tally::Interval now);
    void judge_by_baselines(tally::Interval minute, const Moment& moment);
    void judge_by_baseline(const Cause& cause, const Moment& moment);
    AlertWatch::Step step_of(const Cause& cause) const;
    void accept_acknowledged(tally::Time now);
    std::set<AlertSubject> alerting() const;
    std::vector<AlertSubject> apart(tally::Time now) const;
    void judge_silence(std::uint64_t packets, tally::Interval now);
    Watched* watched(const AlertSubject& subject);
    void follow_level(Watched& watched, const Cause& cause, const Moment& moment);
    void follow_level_without_cause(Watched& watched, tally::Time now);
    void raise(Watched& watched, const Cause& cause, const Moment& moment);
    void take_beginning(Alert& alert, const Watched& watched, const Cause& cause, const Moment& moment) const;
    void update(Watched& watched, const Cause& cause, const Moment& moment);
    void tell(AlertEvent event, Watched& watched);
    void narrate(Watched& watched) const;
    std::optional<AlertBaseline> describe(const Watched& watched, const Cause& cause, tally::Time now) const;
    void clear(Watched& watched, tally::Time now, const std::string& remark = {});
    void absorb(const Cause& whole, tally::Time now);
    void forget(tally::Time now);

    config::Settings::Alerts settings_;
    tally::Time accept_after_;
    bool by_thresholds_;
    std::vector<config::Network> home_;
    bool live_;
    Narrator narrator_;
    Listener listener_;
    std::optional<Baselines> baselines_;
    std::map<AlertSubject, Watched> watches_;
    std::deque<Alert> cleared_;  // newest first
    std::optional<Alert> no_data_;
    std::optional<tally::Interval> last_;
    tally::Interval last_data_ = 0;
    std::optional<tally::Interval> minute_;  // that goes on
    bool minute_is_whole_ = false;
    std::uint64_t minute_packets_ = 0;
    std::uint64_t overflowed_ = 0;
};

}  // namespace rstwatch::control
