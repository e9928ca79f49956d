// SPDX-License-Identifier: Apache-2.0
#include "control/history/history_ring.h"

#include <gtest/gtest.h>

namespace rstwatch::control {
namespace {

std::uint64_t seconds_in(const HistoryView& view) {
    std::uint64_t sum = 0;
    for (std::uint64_t step = view.first; step < view.end; ++step) sum += view.at(step).seconds;
    return sum;
}

TEST(HistoryRing, KeepsAsManyPointsAsItMay) {
    HistoryRing ring(1, 100);
    for (tally::Interval second = 1000; second < 1500; ++second) {
        ring.cover(second, second + 1);
        ring.find(second)->packets = second;
    }
    const HistoryView view = ring.view();
    EXPECT_EQ(view.from(), 1400u);
    EXPECT_EQ(view.until(), 1500u);
    for (tally::Interval second = 1400; second < 1500; ++second) EXPECT_EQ(view.at(second).packets, second);
    EXPECT_EQ(ring.find(1399), nullptr);
    EXPECT_EQ(ring.find(1500), nullptr);
    EXPECT_EQ(view.at(1399), HistoryPoint{});
    EXPECT_LE(view.blocks.size(), 100 / HistoryBlock::length + 2);
}

TEST(HistoryRing, CountsTheSecondsOfEachStep) {
    HistoryRing ring(60, 10);
    ring.cover(119, 125);
    ring.cover(125, 241);
    const HistoryView view = ring.view();
    EXPECT_EQ(view.first, 1u);
    EXPECT_EQ(view.end, 5u);
    EXPECT_EQ(view.at(1).seconds, 1u);
    EXPECT_EQ(view.at(2).seconds, 60u);
    EXPECT_EQ(view.at(3).seconds, 60u);
    EXPECT_EQ(view.at(4).seconds, 1u);
}

TEST(HistoryRing, WhatWasNotCoveredIsUnknown) {
    HistoryRing ring(1, 100);
    ring.cover(10, 12);
    ring.cover(50, 51);
    const HistoryView view = ring.view();
    EXPECT_EQ(view.at(11).seconds, 1u);
    for (tally::Interval second = 12; second < 50; ++second) EXPECT_EQ(view.at(second).seconds, 0u);
    EXPECT_EQ(view.at(50).seconds, 1u);
}

TEST(HistoryRing, ALeapOfYearsLeavesWhatIsCovered) {
    HistoryRing ring(1, 100);
    ring.cover(10, 20);
    ring.cover(1'700'000'000, 1'700'000'001);
    HistoryView view = ring.view();
    EXPECT_EQ(view.until(), 1'700'000'001u);
    EXPECT_EQ(seconds_in(view), 1u);
    // Covered all the way: no more than the ring is long is looked at.
    ring.cover(1'700'000'001, 1'900'000'000);
    view = ring.view();
    EXPECT_EQ(seconds_in(view), 100u);
    EXPECT_EQ(view.from(), 1'899'999'900u);
}

TEST(HistoryRing, BeginsAtTheEpoch) {
    HistoryRing ring(10, 60);
    EXPECT_TRUE(ring.view().empty());
    EXPECT_EQ(ring.find(0), nullptr);
    ring.cover(0, 1);
    EXPECT_EQ(ring.view().at(0).seconds, 1u);
}

TEST(HistoryRing, AViewStaysAsItWas) {
    HistoryRing ring(1, 1000);
    ring.cover(0, 500);
    ring.find(100)->packets = 1;
    const HistoryView before = ring.view();
    ring.find(100)->packets = 2;
    ring.find(101)->packets = 3;
    ring.cover(500, 5000);
    EXPECT_EQ(before.at(100).packets, 1u);
    EXPECT_EQ(before.at(101).packets, 0u);
    EXPECT_EQ(before.until(), 500u);
    EXPECT_EQ(seconds_in(before), 500u);
}

}  // namespace
}  // namespace rstwatch::control
