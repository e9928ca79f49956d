// SPDX-License-Identifier: Apache-2.0
#include "control/classify/listen_queue.h"

#include <gtest/gtest.h>

#include "control/snapshot.h"
#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

using tally::Outcome;
using test::endpoint;
using test::IntervalData;

constexpr auto unanswered = Outcome::unanswered;
constexpr auto overflow = Outcome::listen_overflow;
constexpr tally::Time start = 1'000'000'000;

/// Steps at seconds since the start; each is an interval of its own.
class ListenQueueTest : public testing::Test {
  protected:
    void take(IntervalData& data) {
        registry_.add_rows(data.interval);
        queue_.judge(data.interval, registry_, overlay_);
        registry_.add_changes(data.interval);
    }
    static tally::Time at(unsigned second) { return start + second * tally::second; }
    static IntervalData interval(unsigned second) { return IntervalData(tally::interval_of(at(second))); }

    void accept(unsigned second, std::uint32_t client, std::uint16_t port = 80, std::uint32_t host = 9) {
        IntervalData data = interval(second);
        data.accepted(endpoint(client, 1), endpoint(host, port), at(second)).from_hops(1);
        take(data);
    }
    void ignore(unsigned second, std::uint32_t client, std::uint16_t port = 80, std::uint32_t host = 9) {
        IntervalData data = interval(second);
        data.judged(endpoint(client, 2), endpoint(host, port), unanswered, at(second));
        take(data);
    }
    void fall_silent(unsigned second, Outcome outcome, bool answered = true) {
        IntervalData data = interval(second);
        data.judged(endpoint(50, 1), endpoint(9, 22), outcome, at(second));
        data.interval.contacts.back().answered = answered;
        take(data);
    }
    /// The final outcome of an attempt, as its record says it afterwards.
    Outcome end(unsigned second, std::uint32_t client, std::uint16_t port = 80) {
        IntervalData data = interval(second);
        data.settled(endpoint(client, 2), endpoint(9, port), unanswered, at(second));
        take(data);
        EXPECT_EQ(data.interval.outcomes.final[tally::index(data.interval.records[0].outcome)], 1u);
        return data.interval.records[0].outcome;
    }
    std::uint64_t count(Outcome outcome, std::uint16_t port = 80) const {
        for (const RegistryRow& row : registry_.destinations().rows())
            if (row.key == endpoint(9, port)) return row.count(outcome);
        return 0;
    }
    std::int64_t overlaid() const { return overlay_.moved(unanswered, overflow); }

    Registry registry_{config::Settings::Registry{}};
    OutcomeOverlay overlay_;
    ListenQueue queue_;
};

TEST_F(ListenQueueTest, AClientThatWasAcceptedAMinuteAgoIsDroppedByAFullQueue) {
    accept(0, 1);
    ignore(60, 1);
    EXPECT_EQ(count(overflow), 1u);
    EXPECT_EQ(count(unanswered), 0u);
    EXPECT_EQ(overlaid(), 1);
    EXPECT_EQ(end(135, 1), overflow);
    EXPECT_EQ(overlaid(), 0);
    EXPECT_EQ(count(overflow), 1u);
}

TEST_F(ListenQueueTest, WhereOnlyClientsAreSeenSilenceProvesNothing) {
    IntervalData data = interval(0);
    data.accepted(endpoint(1, 1), endpoint(9, 80), at(0));  // inferred: no packet of the server was seen
    take(data);
    ignore(10, 1);
    EXPECT_EQ(count(unanswered), 1u);
    EXPECT_EQ(count(overflow), 0u);
}

TEST_F(ListenQueueTest, AClientThatAloneIsIgnoredWhileOthersAreAcceptedMeetsARuleAndNoFullQueue) {
    const auto ignore_after = [this](unsigned second, std::uint32_t client, unsigned took) {
        IntervalData data = interval(second);
        data.judged(endpoint(client, 2), endpoint(9, 80), unanswered, at(second));
        data.interval.contacts.back().began = at(second - took);
        take(data);
    };
    accept(0, 1);
    accept(6, 2);
    ignore_after(8, 1, 3);
    EXPECT_EQ(count(overflow), 0u);
    accept(20, 2);
    ignore_after(22, 1, 3);
    EXPECT_EQ(count(overflow), 0u);
    // Whoever gets in now and then meets a full queue.
    accept(30, 1);
    accept(36, 2);
    ignore_after(38, 1, 3);
    EXPECT_EQ(count(overflow), 1u);
}

TEST_F(ListenQueueTest, WhereARouterRejectsWhatIsUnansweredIsNoFullQueue) {
    accept(0, 1);
    IntervalData data = interval(5);
    data.judged(endpoint(1, 1), endpoint(9, 80), Outcome::icmp_rejected, at(5));
    take(data);
    ignore(8, 1);
    EXPECT_EQ(count(overflow), 0u);
    accept(20, 1);
    ignore(30, 1);
    EXPECT_EQ(count(overflow), 1u) << "it was back meanwhile";
}

TEST_F(ListenQueueTest, LongerAgoProvesNothing) {
    accept(0, 1);
    ignore(61, 1);
    EXPECT_EQ(count(unanswered), 1u);
    EXPECT_EQ(end(135, 1), unanswered);
}

TEST_F(ListenQueueTest, AnotherPortOrClientProvesNothing) {
    accept(0, 1, 443);
    accept(0, 2, 80);
    ignore(10, 1, 80);
    EXPECT_EQ(count(overflow), 0u);
}

TEST_F(ListenQueueTest, ThreeIgnoredClientsWhileOthersGetThrough) {
    accept(0, 9);
    ignore(10, 1);
    ignore(20, 2);
    ignore(21, 2);
    EXPECT_EQ(count(overflow), 0u) << "two may have a rule of their own";
    ignore(30, 3);
    EXPECT_EQ(count(overflow), 4u) << "the first ones, too";
    EXPECT_EQ(count(unanswered), 0u);
    ignore(31, 4);
    EXPECT_EQ(count(overflow), 5u);
    EXPECT_EQ(overlaid(), 5);
    EXPECT_EQ(end(90, 1), overflow);
}

TEST_F(ListenQueueTest, AHandshakeAmongThemMayComeLast) {
    accept(0, 9);
    for (std::uint32_t client = 1; client <= 3; ++client) ignore(100 + client, client);
    EXPECT_EQ(count(overflow), 0u) << "nobody has got through for long";
    accept(120, 9);
    EXPECT_EQ(count(overflow), 3u);
}

TEST_F(ListenQueueTest, ThreeWithinAMinute) {
    accept(0, 9);
    accept(50, 9);
    ignore(20, 1);
    ignore(40, 2);
    accept(85, 9);
    ignore(90, 3);
    EXPECT_EQ(count(overflow), 0u) << "the first was too long ago";
}

TEST_F(ListenQueueTest, APortThatNeverAcceptsHasNoQueue) {
    for (std::uint32_t client = 1; client < 10; ++client) ignore(client, client);
    EXPECT_EQ(count(overflow), 0u);
    EXPECT_EQ(queue_.overflowed(), 0u);
}

TEST_F(ListenQueueTest, AnAnswerAfterAllIsNoOverflow) {
    accept(0, 1);
    accept(0, 9, 81);
    ignore(10, 1);
    accept(11, 9, 81);
    ignore(11, 2, 81);
    IntervalData data = interval(12);
    data.revised(endpoint(1, 2), endpoint(9, 80), tally::interval_of(at(10)), unanswered, std::nullopt, at(12));
    data.revised(endpoint(2, 2), endpoint(9, 81), tally::interval_of(at(11)), unanswered, std::nullopt, at(12));
    take(data);
    EXPECT_EQ(data.interval.revisions[0].from, overflow);
    EXPECT_EQ(count(overflow), 0u);
    EXPECT_EQ(overlaid(), 0);
    accept(12, 9, 81);
    ignore(13, 3, 81);
    ignore(14, 4, 81);
    EXPECT_EQ(count(overflow, 81), 2u) << "the first was ignored for a while all the same, and waits no longer";
    EXPECT_EQ(overlaid(), 2);
}

TEST_F(ListenQueueTest, ASilentHostIsNoFullQueue) {
    for (const Outcome sign : {Outcome::blackholed, Outcome::keepalive_timeout}) {
        ListenQueueTest::SetUp();
        const unsigned offset = sign == Outcome::blackholed ? 0 : 1000;
        accept(offset, 1);
        fall_silent(offset + 5, sign);
        ignore(offset + 10, 1);
        EXPECT_EQ(overlaid(), 0);
        accept(offset + 12, 2, 443);
        ignore(offset + 15, 1);
        EXPECT_EQ(overlaid(), 1) << "it was alive a moment ago";
        EXPECT_EQ(end(offset + 90, 1), overflow);
    }
}

TEST_F(ListenQueueTest, OnlyWhoHadAnsweredCanFallSilent) {
    accept(0, 1);
    fall_silent(5, Outcome::blackholed, false);
    ignore(10, 1);
    EXPECT_EQ(overlaid(), 1) << "first data may be lost in a full queue as well";
}

TEST_F(ListenQueueTest, WhatWasSaidOfASilentHostIsTakenBack) {
    accept(0, 1);
    accept(0, 2);
    ignore(10, 1);
    accept(11, 3, 443);
    ignore(15, 2);
    EXPECT_EQ(count(overflow), 2u);
    fall_silent(20, Outcome::blackholed);
    EXPECT_EQ(count(overflow), 1u) << "the one after which the host was seen alive";
    EXPECT_EQ(count(unanswered), 1u);
    EXPECT_EQ(overlaid(), 1);
    EXPECT_EQ(end(90, 1), overflow);
    EXPECT_EQ(end(90, 2), unanswered);
    EXPECT_EQ(overlaid(), 0);
}

TEST_F(ListenQueueTest, TwoPortsThatFallSilentAreAHost) {
    accept(0, 1, 80);
    accept(0, 1, 443);
    ignore(10, 1, 80);
    EXPECT_EQ(count(overflow, 80), 1u);
    ignore(11, 1, 443);
    EXPECT_EQ(count(overflow, 80), 0u);
    EXPECT_EQ(count(unanswered, 80), 1u);
    EXPECT_EQ(count(unanswered, 443), 1u);
    EXPECT_EQ(overlaid(), 0);
    accept(20, 1, 443);
    ignore(25, 1, 80);
    EXPECT_EQ(count(overflow, 80), 1u) << "it is back";
}

TEST_F(ListenQueueTest, RoomIsBounded) {
    ListenQueue small({.hosts = 2, .waiting = 3, .decided = 4, .memory_sets = 16});
    IntervalData first = interval(0);
    for (std::uint32_t host = 100; host < 110; ++host)
        first.accepted(endpoint(1, 1), endpoint(host, 80), at(0)).from_hops(1);
    registry_.add_rows(first.interval);
    small.judge(first.interval, registry_, overlay_);
    IntervalData flood = interval(1);
    for (std::uint16_t port = 1; port <= 20; ++port) {
        flood.judged(endpoint(1, port), endpoint(100, 80), unanswered, at(1));
        flood.judged(endpoint(2, port), endpoint(101, 80), unanswered, at(1));
        flood.judged(endpoint(3, port), endpoint(102, 80), unanswered, at(1));
    }
    std::ranges::stable_sort(flood.interval.contacts, {}, &tally::Sighting::client);
    registry_.add_rows(flood.interval);
    small.judge(flood.interval, registry_, overlay_);
    EXPECT_EQ(flood.interval.revisions.size(), 4u);
    EXPECT_EQ(overlaid(), 4);
    EXPECT_EQ(small.overflowed(), 16u + 17u + 20u);
}

}  // namespace
}  // namespace rstwatch::control
