// SPDX-License-Identifier: Apache-2.0
#include "control/history/history_query.h"

#include <algorithm>

namespace rstwatch::control {
namespace {

constexpr tally::Interval minute = 60;

std::uint64_t count_points(const HistoryQuery& query, std::uint64_t step) {
    return (query.until + step - 1) / step - query.from / step;
}

/// The first second that memory can answer for in such steps.
tally::Interval memory_begin(const Snapshot& snapshot, const HistoryQuery& query, std::uint64_t step) {
    constexpr tally::Interval never = ~tally::Interval{0};
    if (query.subject.scope != Scope::network)
        return snapshot.window.empty() ? never : snapshot.window.front()->interval;
    const HistoryView& view = snapshot.history[step < 10 ? 0 : step < minute ? 1 : 2];
    return view.empty() ? never : view.from();
}

/// True if memory reaches back far enough, or nothing does.
bool suits_memory(const Snapshot& snapshot, const StoreReader& reader, const HistoryQuery& query, std::uint64_t step) {
    const tally::Interval begin = memory_begin(snapshot, query, step);
    if (begin <= query.from) return true;
    // The minutes reach back the furthest; the daemon may have started within their first.
    return !reader.is_on() && begin < memory_begin(snapshot, query, minute) + minute;
}

std::uint64_t choose_step(const Snapshot& snapshot, const StoreReader& reader, const HistoryQuery& query) {
    for (const std::uint64_t step : history_steps)
        if (count_points(query, step) <= enough_history_points &&
            (step >= minute || suits_memory(snapshot, reader, query, step)))
            return step;
    return history_steps.back();
}

bool is_about(const Subject& subject, const tally::Endpoint& server, const tally::IpAddress& client) {
    switch (subject.scope) {
        case Scope::network:
            return true;
        case Scope::service:
            return server == subject.endpoint;
        case Scope::incoming:
            return server.address == subject.endpoint.address;
        case Scope::outgoing:
            return client == subject.endpoint.address;
    }
    return false;
}

/// Points of a subject by second, of the window that top lists have, too.
class WindowPoints {
  public:
    WindowPoints(const Snapshot& snapshot, const Subject& subject) : snapshot_(snapshot), subject_(subject) {
        if (snapshot.window.empty()) return;
        begin_ = snapshot.window.front()->interval;
        points_.resize(snapshot.totals.last_interval - begin_ + 1);
        for (HistoryPoint& point : points_) point.seconds = 1;
        for (const auto& interval : snapshot.window) add(*interval);
        for (const auto& interval : snapshot.window) revise(*interval);
    }

    HistoryPoint at(tally::Interval second) const {
        return second < begin_ || second - begin_ >= points_.size() ? HistoryPoint{} : points_[second - begin_];
    }

  private:
    void add(const WindowInterval& interval) {
        HistoryPoint& point = points_[interval.interval - begin_];
        point.control_depth_seconds += interval.at_control_depth ? 1 : 0;
        const bool outgoing = subject_.scope == Scope::outgoing;
        for (const tally::Row& row : outgoing ? interval.clients : interval.destinations) {
            if (!is_about(subject_, {row.key.address, row.key.port}, row.key.address)) continue;
            if (row.key.kind == tally::accepted_kind) {
                point.accepted += row.count;
            } else {
                point.outcomes[row.key.kind] += row.count;
            }
        }
    }

    void revise(const WindowInterval& interval) {
        if (subject_.scope == Scope::outgoing)
            for (const tally::Revision& revision : interval.client_revisions) revise(revision);
        for (const tally::Revision& revision : interval.revisions) revise(revision);
        for (const tally::Revision& revision : interval.assumed)
            if (snapshot_.assumptions.hold_for(revision.client.address)) revise(revision);
    }

    void revise(const tally::Revision& revision) {
        if (revision.given_in < begin_ || revision.given_in - begin_ >= points_.size()) return;
        if (!is_about(subject_, revision.server, revision.client.address)) return;
        HistoryPoint& point = points_[revision.given_in - begin_];
        if (point.outcomes[tally::index(revision.from)] == 0) return;  // its row has given way
        --point.outcomes[tally::index(revision.from)];
        if (revision.to) ++point.outcomes[tally::index(*revision.to)];
    }

    const Snapshot& snapshot_;
    const Subject& subject_;
    tally::Interval begin_ = 0;
    std::vector<HistoryPoint> points_;
};

/// Fills the steps of an answer, and says which of them nothing is known of.
class Assembly {
  public:
    Assembly(const HistoryQuery& query, std::uint64_t step) {
        answer_.step = step;
        answer_.from = query.from / step * step;
        answer_.until = (query.until + step - 1) / step * step;
        points_.resize((answer_.until - answer_.from) / step);
    }

    const HistoryAnswer& range() const { return answer_; }

    void add(tally::Interval second, const HistoryPoint& point) {
        if (second < answer_.from || second >= answer_.until) return;
        points_[(second - answer_.from) / answer_.step].add(point);
    }

    /// Adds what a ring holds from second `from` on.
    void add(const HistoryView& view, tally::Interval from) {
        const tally::Interval begin = std::max({from, answer_.from, view.from()});
        for (std::uint64_t step = (begin + view.step_seconds - 1) / view.step_seconds;
             step * view.step_seconds < std::min(answer_.until, view.until()); ++step)
            add(step * view.step_seconds, view.at(step));
    }

    /// `begin`: the first second that there are records of.
    HistoryAnswer finish(bool from_store, tally::Interval begin) {
        answer_.from_store = from_store;
        for (std::size_t i = 0; i < points_.size(); ++i) {
            const tally::Interval time = answer_.from + i * answer_.step;
            if (points_[i].seconds > 0) {
                answer_.points.emplace_back(time, points_[i]);
            } else {
                note_gap(time, time + answer_.step <= begin);
            }
        }
        return std::move(answer_);
    }

  private:
    void note_gap(tally::Interval time, bool before_records) {
        if (!answer_.gaps.empty() && answer_.gaps.back().until == time &&
            answer_.gaps.back().before_records == before_records) {
            answer_.gaps.back().until += answer_.step;
        } else {
            answer_.gaps.push_back({time, time + answer_.step, before_records});
        }
    }

    HistoryAnswer answer_;
    std::vector<HistoryPoint> points_;
};

HistoryAnswer from_memory(const Snapshot& snapshot, const HistoryQuery& query, std::uint64_t step) {
    Assembly assembly(query, step);
    const tally::Interval begin = memory_begin(snapshot, query, step);
    if (query.subject.scope == Scope::network) {
        assembly.add(snapshot.history[step < 10 ? 0 : step < minute ? 1 : 2], 0);
        return assembly.finish(false, begin);
    }
    const WindowPoints window(snapshot, query.subject);
    const HistoryAnswer& range = assembly.range();
    for (tally::Interval second = std::max(range.from, std::min(begin, range.until)); second < range.until; ++second)
        assembly.add(second, window.at(second));
    return assembly.finish(false, begin);
}

/// Minutes that this run has counted from their beginning are in memory to the second, whatever the disk does; of
/// earlier ones, and of the one in which it started, the store knows more.
std::variant<HistoryAnswer, StoreTrouble> from_store(const Snapshot& snapshot, StoreReader& reader,
                                                     const HistoryQuery& query, std::uint64_t step) {
    Assembly assembly(query, step);
    const HistoryAnswer& range = assembly.range();
    const HistoryView& minutes = snapshot.history[2];
    const bool is_network = query.subject.scope == Scope::network;
    const tally::Interval switch_at = is_network && !minutes.empty() ? minutes.from() + minute : ~tally::Interval{0};
    auto oldest = reader.oldest_minute();
    if (auto* trouble = std::get_if<StoreTrouble>(&oldest)) return std::move(*trouble);
    auto stored = reader.points(query.subject, range.from / minute, std::min(range.until, switch_at) / minute);
    if (auto* trouble = std::get_if<StoreTrouble>(&stored)) return std::move(*trouble);
    for (const auto& [number, point] : std::get<std::vector<MinutePoint>>(stored)) assembly.add(number * minute, point);
    if (is_network) assembly.add(minutes, switch_at);
    const auto first = std::get<std::optional<std::uint64_t>>(oldest);
    return assembly.finish(true, first ? *first * minute : switch_at);
}

}  // namespace

std::variant<HistoryAnswer, TooManyPoints, StoreTrouble> query_history(const Snapshot& snapshot, StoreReader& reader,
                                                                       const HistoryQuery& query) {
    const std::uint64_t step = query.step ? *query.step : choose_step(snapshot, reader, query);
    if (const std::uint64_t points = count_points(query, step); points > most_history_points) {
        TooManyPoints refusal{step, points, 0};
        for (const std::uint64_t longer : history_steps)
            if (refusal.better_step == 0 && count_points(query, longer) <= most_history_points)
                refusal.better_step = longer;
        return refusal;
    }
    if (step < minute || !reader.is_on() || memory_begin(snapshot, query, step) <= query.from / step * step)
        return from_memory(snapshot, query, step);
    auto answer = from_store(snapshot, reader, query, step);
    if (auto* trouble = std::get_if<StoreTrouble>(&answer)) return std::move(*trouble);
    return std::get<HistoryAnswer>(std::move(answer));
}

}  // namespace rstwatch::control
