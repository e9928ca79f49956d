// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/settings.h"
#include "config/text_form.h"
#include "control/alert/alert.h"
#include "control/alert/causes.h"
#include "control/alert/watch.h"

namespace rstwatch::control {

/// Raises, changes and clears alerts, one for one cause, from what the FailureBook says at the end of each interval.
/// Everything in packet time. Control thread only.
class AlertEngine {
  public:
    /// Fills in what people read: service, cause, clients, text.
    using Narrator = std::function<void(Alert&)>;
    using Listener = std::function<void(AlertEvent, const Alert&)>;

    AlertEngine(const config::Settings& settings, bool live, Narrator narrator, Listener listener);

    /// The book has followed the interval; `packets` were received in it. Intervals that were skipped, because nothing
    /// was received, are made up for.
    void step(const FailureBook& book, tally::Interval interval, std::uint64_t packets);

    /// Active ones first, worst first; then those cleared within the last hour, newest first.
    std::vector<Alert> alerts() const;

    /// Nothing if there is no such alert.
    std::optional<Alert> acknowledge(const std::string& id);

    /// Takes up an alert that was active, or cleared, before a restart.
    void restore(const Alert& alert);

    std::size_t watched() const { return watches_.size(); }
    std::size_t capacity() const { return static_cast<std::size_t>(settings_.capacity); }
    std::uint64_t overflowed() const { return overflowed_; }

  private:
    struct Watched {
        AlertWatch watch;
        std::optional<Alert> alert;
    };

    void evaluate(const FailureBook& book, tally::Interval now, bool has_data);
    void judge(const Cause& cause, tally::Time now, bool has_data);
    void judge_silence(std::uint64_t packets, tally::Interval now);
    Watched* watched(const AlertSubject& subject);
    void raise(Watched& watched, const Cause& cause, AlertLevel level, tally::Time now);
    void update(Alert& alert, const Cause& cause, tally::Time now) const;
    void clear(Watched& watched, tally::Time now);
    void absorb(const std::vector<AlertSubject>& nested, tally::Time now);
    void forget(tally::Time now);

    config::Settings::Alerts settings_;
    std::vector<config::Network> home_;
    bool live_;
    Narrator narrator_;
    Listener listener_;
    std::map<AlertSubject, Watched> watches_;
    std::deque<Alert> cleared_;  // newest first
    std::optional<Alert> no_data_;
    std::optional<tally::Interval> last_;
    tally::Interval last_data_ = 0;
    std::uint64_t overflowed_ = 0;
};

}  // namespace rstwatch::control
