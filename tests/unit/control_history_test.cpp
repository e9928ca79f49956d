// SPDX-License-Identifier: Apache-2.0
#include "control/history/history.h"

#include <gtest/gtest.h>

#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

using tally::Outcome;
using test::endpoint;
using test::IntervalData;

config::Settings::History capacities(std::int64_t seconds, std::int64_t tens, std::int64_t minutes) {
    config::Settings::History settings;
    settings.second_points = seconds;
    settings.ten_second_points = tens;
    settings.minute_points = minutes;
    return settings;
}

HistoryPoint sum(const HistoryView& view) {
    HistoryPoint sum;
    for (std::uint64_t step = view.first; step < view.end; ++step) sum.add(view.at(step));
    return sum;
}

HistoryPoint sum(const HistoryView& view, tally::Interval from, tally::Interval until) {
    HistoryPoint sum;
    for (tally::Interval second = from; second < until; second += view.step_seconds)
        sum.add(view.at(second / view.step_seconds));
    return sum;
}

std::uint64_t count(const HistoryPoint& point, Outcome outcome) {
    return point.outcomes[tally::index(outcome)];
}

/// As the controller feeds it: every second since the last one was watched.
class Feed {
  public:
    explicit Feed(const config::Settings::History& settings) : history(settings) {}

    void add(const IntervalData& data) {
        const tally::Interval now = data.interval.interval;
        history.add(data.interval, last_ ? *last_ + 1 : now, changes.of(data.interval, assumptions));
        last_ = now;
    }

    History history;
    CountChanges changes;
    Assumptions assumptions;

  private:
    std::optional<tally::Interval> last_;
};

/// Something else in every second, silences among them.
IntervalData second_of(tally::Interval number) {
    const tally::Time time = tally::interval_start(number);
    IntervalData data(number);
    data.interval.packets.received = number % 97;
    for (std::uint32_t i = 0; i < number % 5; ++i)
        data.ended(endpoint(i, 1000), endpoint(9, 80), Outcome::refused, time);
    for (std::uint32_t i = 0; i < number % 3; ++i) data.accepted(endpoint(i, 1000), endpoint(8, 80), time);
    if (number % 7 == 0) data.judged(endpoint(1, 1), endpoint(9, 81), Outcome::unanswered, time);
    return data;
}

TEST(History, EveryResolutionCountsTheSame) {
    Feed feed(capacities(100'000, 100'000, 100'000));
    constexpr tally::Interval begin = 1'700'000'017;
    for (tally::Interval number = begin; number < begin + 5000; ++number) {
        if (number % 11 == 3) continue;  // passed without a packet
        feed.add(second_of(number));
    }
    const HistoryViews views = feed.history.views();
    EXPECT_EQ(sum(views[0]), sum(views[1]));
    EXPECT_EQ(sum(views[0]), sum(views[2]));
    EXPECT_EQ(sum(views[0]).seconds, 5000u);
    EXPECT_GT(sum(views[0]).failed(), 0u);
    // And so does each minute.
    for (std::uint64_t minute = views[2].first + 1; minute + 1 < views[2].end; ++minute) {
        EXPECT_EQ(views[2].at(minute), sum(views[0], minute * 60, minute * 60 + 60));
        EXPECT_EQ(views[2].at(minute), sum(views[1], minute * 60, minute * 60 + 60));
    }
}

TEST(History, SaysInWhichSecondsNotEverySegmentWasLookedUp) {
    Feed feed(capacities(1000, 1000, 1000));
    constexpr tally::Interval begin = 6'000'000;
    for (tally::Interval number = begin; number < begin + 60; ++number) {
        IntervalData data = second_of(number);
        data.interval.at_control_depth = number >= begin + 15 && number < begin + 22;
        feed.add(data);
    }
    const HistoryViews views = feed.history.views();
    EXPECT_EQ(views[0].at(begin + 14).control_depth_seconds, 0U);
    EXPECT_EQ(views[0].at(begin + 15).control_depth_seconds, 1U);
    EXPECT_EQ(views[1].at(begin / 10 + 1).control_depth_seconds, 5U);
    EXPECT_EQ(views[1].at(begin / 10 + 2).control_depth_seconds, 2U);
    EXPECT_EQ(views[2].at(begin / 60).control_depth_seconds, 7U);
}

TEST(History, ASecondWithoutPacketsIsAPoint) {
    Feed feed(capacities(100, 100, 100));
    feed.add(second_of(1000));
    feed.add(second_of(1010));
    const HistoryView view = feed.history.views()[0];
    for (tally::Interval second = 1001; second < 1010; ++second) {
        EXPECT_EQ(view.at(second).seconds, 1u);
        EXPECT_EQ(view.at(second).packets, 0u);
    }
    EXPECT_EQ(view.at(999).seconds, 0u);
}

TEST(History, ARevisionMovesTheVerdictWhereItWasGiven) {
    Feed feed(capacities(1000, 1000, 1000));
    IntervalData first(100);
    first.judged(endpoint(1, 1), endpoint(9, 80), Outcome::unanswered, 100'000'000);
    first.judged(endpoint(2, 1), endpoint(9, 80), Outcome::unanswered, 100'000'000);
    feed.add(first);
    IntervalData later(170);
    later.revised(endpoint(1, 1), endpoint(9, 80), 100, Outcome::unanswered, Outcome::refused, 170'000'000);
    later.revised(endpoint(2, 1), endpoint(9, 80), 100, Outcome::unanswered, std::nullopt, 170'000'000);
    feed.add(later);
    for (const HistoryView& view : feed.history.views()) {
        const HistoryPoint point = view.at(100 / view.step_seconds);
        EXPECT_EQ(count(point, Outcome::unanswered), 0u) << view.step_seconds;
        EXPECT_EQ(count(point, Outcome::refused), 1u);
        EXPECT_EQ(count(view.at(170 / view.step_seconds), Outcome::refused), 0u);
    }
    EXPECT_EQ(feed.history.changes_too_late(), 0u);
}

TEST(History, ARevisionReachesTheRingsThatStillHoldItsVerdict) {
    Feed feed(capacities(60, 60, 60));
    IntervalData first(1000);
    first.judged(endpoint(1, 1), endpoint(9, 80), Outcome::unanswered, 1'000'000'000);
    feed.add(first);
    IntervalData later(1200);
    later.revised(endpoint(1, 1), endpoint(9, 80), 1000, Outcome::unanswered, Outcome::refused, 1'200'000'000);
    feed.add(later);
    const HistoryViews views = feed.history.views();
    EXPECT_EQ(count(sum(views[0]), Outcome::refused), 0u);
    EXPECT_EQ(count(sum(views[1]), Outcome::refused), 1u);
    EXPECT_EQ(count(sum(views[2]), Outcome::refused), 1u);
    IntervalData much_later(100'000);
    much_later.revised(endpoint(1, 1), endpoint(9, 80), 1000, Outcome::refused, Outcome::unanswered, 100'000'000'000);
    feed.add(much_later);
    EXPECT_EQ(feed.history.changes_too_late(), 1u);
}

TEST(History, WhatOnlyTheClientsRowHadWrongIsRightAlready) {
    Feed feed(capacities(60, 60, 60));
    IntervalData data(100);
    data.judged(endpoint(1, 1), endpoint(9, 80), Outcome::refused_by_device, 100'000'000);
    feed.add(data);
    IntervalData later(101);
    later.interval.client_revisions.push_back({100, endpoint(9, 80), endpoint(1, 1), tally::unknown_hops,
                                               Outcome::refused_by_device, Outcome::refused, 101'000'000});
    feed.add(later);
    EXPECT_EQ(count(sum(feed.history.views()[0]), Outcome::refused_by_device), 1u);
}

IntervalData assumed_at(tally::Interval number, std::uint32_t client) {
    IntervalData data(number);
    const tally::Time time = tally::interval_start(number);
    data.judged(endpoint(client, 1), endpoint(9, 80), Outcome::unsolicited, time);
    data.interval.assumed.push_back({number, endpoint(9, 80), endpoint(client, 1), tally::unknown_hops,
                                     Outcome::unsolicited, Outcome::refused, time});
    return data;
}

TEST(History, AnAssumptionCountsAsLongAsItHolds) {
    Feed feed(capacities(1000, 1000, 1000));
    feed.add(assumed_at(100, 1));
    feed.add(assumed_at(101, 2));
    EXPECT_EQ(count(sum(feed.history.views()[0]), Outcome::refused), 2u);
    EXPECT_EQ(sum(feed.history.views()[0]).attempts, 2u);

    feed.assumptions.flooded = std::make_shared<const std::vector<tally::IpAddress>>(1, test::address(2));
    feed.add(IntervalData(102));
    EXPECT_EQ(count(sum(feed.history.views()[0]), Outcome::refused), 1u);
    EXPECT_EQ(count(sum(feed.history.views()[2]), Outcome::unsolicited), 1u);

    feed.assumptions.hold = false;
    feed.add(IntervalData(103));
    for (const HistoryView& view : feed.history.views()) {
        EXPECT_EQ(count(sum(view), Outcome::refused), 0u);
        EXPECT_EQ(count(sum(view), Outcome::unsolicited), 2u);
        EXPECT_EQ(sum(view).attempts, 0u);
    }
}

TEST(CountChanges, RemembersNoMoreAssumptionsThanItMay) {
    CountChanges changes(3);
    const Assumptions holding;
    for (std::uint32_t client = 0; client < 5; ++client)
        EXPECT_EQ(changes.of(assumed_at(100 + client, client).interval, holding).size(), 1u);
    EXPECT_EQ(changes.forgotten(), 2u);
    const Assumptions given_up{.hold = false, .flooded = nullptr};
    const auto taken_back = changes.of(IntervalData(200).interval, given_up);
    ASSERT_EQ(taken_back.size(), 3u);
    EXPECT_EQ(taken_back[0].revision.given_in, 102u);
    EXPECT_EQ(taken_back[0].attempts, -1);
    EXPECT_EQ(taken_back[0].revision.from, Outcome::refused);
}

}  // namespace
}  // namespace rstwatch::control
