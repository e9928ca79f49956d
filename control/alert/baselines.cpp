// SPDX-License-Identifier: Apache-2.0
#include "control/alert/baselines.h"

#include <algorithm>
#include <cmath>

namespace rstwatch::control {
namespace {

/// Who fails less than that, on average, can as well be taken for silent: once an hour.
constexpr double negligible = 0.02;
/// One in so many rows gives way in a minute at most.
constexpr std::size_t most_evicted_share = 16;

}  // namespace

/// One pass over all subjects, parts before what they are part of: services, hosts, clients, the network.
class Baselines::Minute {
  public:
    Minute(Baselines& table, tally::Interval minute, const std::set<AlertSubject>& alerting)
        : table_(table),
          minute_(minute),
          hour_(week_hour_of(tally::interval_start(minute * 60))),
          alerting_(alerting) {}

    void follow(const AlertSubject& subject, Row& row, const MinuteFailures* failures) {
        row.failed = failures == nullptr ? 0 : failures->failed;
        row.verdict.reset();
        row.baseline.enter(hour_);
        const bool has_alert = alerting_.contains(subject);
        if (!has_alert && failures != nullptr && is_explained(*failures)) return;  // neither judged nor learnt
        const double failed = std::max(0.0, static_cast<double>(row.failed) - explained(subject));
        row.verdict = row.baseline.judge(minute_, failed, table_.limits_);
        const bool is_unusual = row.verdict && row.verdict->reached != AlertLevel::none;
        if (is_unusual) table_.unusual_.push_back(subject);
        // A whole fails more than each of its parts, and would be found first.
        if (is_unusual || has_alert || row.baseline.is_suspect(table_.limits_))
            set_apart(subject, failed - std::expm1(row.baseline.usual().level));
        if (is_unusual || has_alert) {
            row.baseline.forget_held();
        } else {
            row.baseline.learn(failed);
        }
    }

    void follow_silence() {
        table_.silence_.enter(hour_);
        table_.silence_.learn(0);
    }

  private:
    /// A client that fails where everybody does is not to be judged by it.
    bool is_explained(const MinuteFailures& failures) const {
        bool explained = false;
        for (const tally::Endpoint& server : failures.servers) {
            if (!apart_.contains(server) && !apart_.contains({server.address, 0})) continue;
            table_.explained_.emplace(server, failures.subject);
            explained = true;
        }
        return explained;
    }

    /// What its parts fail more than usual, which have alerts of their own.
    double explained(const AlertSubject& subject) const {
        if (subject.scope == AlertScope::network) return of_network_;
        if (subject.scope == AlertScope::service || subject.direction == Direction::outgoing) return 0;
        const auto known = of_host_.find(subject.endpoint.address);
        return known == of_host_.end() ? 0 : known->second;
    }

    void set_apart(const AlertSubject& subject, double excess) {
        of_network_ += std::max(0.0, excess);
        if (subject.direction == Direction::incoming) apart_.insert(subject.endpoint);
        if (subject.scope == AlertScope::service) of_host_[subject.endpoint.address] += std::max(0.0, excess);
    }

    Baselines& table_;
    const tally::Interval minute_;
    const WeekHour hour_;
    const std::set<AlertSubject>& alerting_;
    std::set<tally::Endpoint> apart_;  // services, and hosts with port 0
    std::map<tally::IpAddress, double> of_host_;
    double of_network_ = 0;
};

Baselines::Baselines(const config::Settings& settings)
    : weeks_(static_cast<std::size_t>(settings.baseline.weeks)),
      capacity_(static_cast<std::size_t>(settings.baseline.capacity)),
      limits_(settings),
      silence_(weeks_) {}

void Baselines::follow(tally::Interval minute, const std::vector<MinuteFailures>& failures,
                       const std::set<AlertSubject>& alerting) {
    take_in(failures);
    unusual_.clear();
    explained_.clear();
    Minute pass(*this, minute, alerting);
    auto next = failures.begin();
    for (auto& [subject, row] : rows_) {
        while (next != failures.end() && next->subject < subject) ++next;
        const bool failed = next != failures.end() && next->subject == subject;
        pass.follow(subject, row, failed ? &*next : nullptr);
    }
    pass.follow_silence();
}

void Baselines::take_in(const std::vector<MinuteFailures>& failures) {
    std::vector<const MinuteFailures*> newcomers;
    for (const MinuteFailures& each : failures)
        if (!rows_.contains(each.subject)) newcomers.push_back(&each);
    if (rows_.size() + newcomers.size() > capacity_) {
        make_room(newcomers.size(), failures);
        std::ranges::stable_sort(newcomers, std::greater{}, &MinuteFailures::failed);
    }
    for (const MinuteFailures* each : newcomers) {
        if (rows_.size() < capacity_)
            rows_.try_emplace(each->subject, Row{silence_});
        else
            ++overflowed_;
    }
}

/// Those who hardly ever fail are as good as silent: nothing is lost with them. Then those give way who fail least, but
/// for those that fail now; a few in a minute, so that no storm sweeps out what it took weeks to learn.
void Baselines::make_room(std::size_t wanted, const std::vector<MinuteFailures>& failures) {
    std::vector<std::pair<double, AlertSubject>> idle;
    for (const auto& [subject, row] : rows_)
        if (row.baseline.state().cusum == 0 &&
            !std::ranges::binary_search(failures, subject, {}, &MinuteFailures::subject))
            idle.emplace_back(row.baseline.worth(), subject);
    std::ranges::sort(idle);
    std::uint64_t left = std::max<std::size_t>(1, capacity_ / most_evicted_share);
    for (const auto& [worth, subject] : idle) {
        if (worth >= negligible && (left == 0 || rows_.size() + wanted <= capacity_)) break;
        rows_.erase(subject);
        if (worth < negligible) continue;
        --left;
        ++evicted_;
        silence_ = Baseline(weeks_);  // who comes back is not known to have been silent
    }
}

const BaselineVerdict* Baselines::verdict(const AlertSubject& subject) const {
    const auto known = rows_.find(subject);
    return known == rows_.end() || !known->second.verdict ? nullptr : &*known->second.verdict;
}

std::optional<Usual> Baselines::usual(const AlertSubject& subject) const {
    const auto known = rows_.find(subject);
    const Baseline& baseline = known == rows_.end() ? silence_ : known->second.baseline;
    return baseline.speaks(limits_) ? std::optional(baseline.usual()) : std::nullopt;
}

const Baseline::State* Baselines::rising(const AlertSubject& subject) const {
    const auto known = rows_.find(subject);
    if (known == rows_.end() || known->second.baseline.state().cusum == 0) return nullptr;
    return &known->second.baseline.state();
}

void Baselines::settle(const AlertSubject& subject) {
    const auto known = rows_.find(subject);
    if (known != rows_.end()) known->second.baseline.settle();
}

void Baselines::accept(const AlertSubject& subject) {
    const auto known = rows_.find(subject);
    if (known == rows_.end()) return;
    learn_anew(known->second);
    for (const AlertSubject& whole : wholes_of(subject)) {
        const auto row = rows_.find(whole);
        if (row == rows_.end()) continue;
        const double failed = static_cast<double>(row->second.failed);
        if (row->second.baseline.usual().deviation_of(failed) > limits_.slack) learn_anew(row->second);
    }
}

void Baselines::learn_anew(Row& row) {
    row.baseline.learn_anew(static_cast<double>(row.failed));
    row.verdict.reset();
}

/// What has been taken to fail as usual, because this did not.
std::vector<AlertSubject> Baselines::wholes_of(const AlertSubject& subject) const {
    std::vector<AlertSubject> wholes{AlertSubject{}};
    if (subject.scope != AlertScope::service) return wholes;
    wholes.push_back({AlertScope::host, Direction::incoming, {subject.endpoint.address, 0}});
    const auto [first, last] = explained_.equal_range(subject.endpoint);
    for (auto each = first; each != last; ++each) wholes.push_back(each->second);
    return wholes;
}

void Baselines::for_each(const std::function<void(const AlertSubject&, const Baseline&)>& visit) const {
    for (const auto& [subject, row] : rows_) visit(subject, row.baseline);
}

void Baselines::restore_silence(Baseline::State state) {
    silence_ = Baseline(weeks_, std::move(state));
}

void Baselines::restore(const AlertSubject& subject, Baseline::State state) {
    if (rows_.size() < capacity_ || rows_.contains(subject))
        rows_.insert_or_assign(subject, Row{Baseline(weeks_, std::move(state))});
    else
        ++overflowed_;
}

}  // namespace rstwatch::control
