// SPDX-License-Identifier: Apache-2.0
#include "control/registry/window.h"

#include <gtest/gtest.h>

#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

using tally::Outcome;
using test::endpoint;
using test::IntervalData;

config::Settings::Window bounds(std::int64_t seconds, std::int64_t rows) {
    config::Settings::Window settings;
    settings.seconds = seconds;
    settings.rows = rows;
    return settings;
}

/// Each verdict makes a row in both tables and a sighting: three of the rows that are bounded.
void add_verdicts(Window& window, tally::Interval interval, std::uint32_t verdicts) {
    IntervalData data(interval);
    data.interval.packets.received = 10 + verdicts;
    data.interval.outcomes.attempts = verdicts;
    for (std::uint32_t i = 0; i < verdicts; ++i)
        data.judged(endpoint(i, 1000), endpoint(100 + i, 80), Outcome::refused, tally::interval_start(interval) + i);
    window.add(data.interval);
}

std::vector<tally::Interval> numbers(const Window& window) {
    std::vector<tally::Interval> all;
    for (const auto& each : window.intervals()) all.push_back(each->interval);
    return all;
}

TEST(Window, KeepsTheLastSeconds) {
    Window window(bounds(10, 100000));
    for (tally::Interval interval = 1; interval <= 30; ++interval) add_verdicts(window, interval, 1);
    EXPECT_EQ(numbers(window), (std::vector<tally::Interval>{21, 22, 23, 24, 25, 26, 27, 28, 29, 30}));
    EXPECT_EQ(window.shortened(), 0u);
}

TEST(Window, AGapForgetsWhatIsTooOld) {
    Window window(bounds(10, 100000));
    for (const tally::Interval interval : {1, 2, 9, 10, 11}) add_verdicts(window, interval, 1);
    EXPECT_EQ(numbers(window), (std::vector<tally::Interval>{2, 9, 10, 11}));
    add_verdicts(window, 1'500'000'000, 1);
    EXPECT_EQ(numbers(window), std::vector<tally::Interval>{1'500'000'000});
}

TEST(Window, TheOldestGiveWayToTheLimitOfRows) {
    Window window(bounds(300, 60));
    for (tally::Interval interval = 1; interval <= 10; ++interval) add_verdicts(window, interval, 5);  // 15 rows each
    EXPECT_EQ(numbers(window), (std::vector<tally::Interval>{7, 8, 9, 10}));
    EXPECT_EQ(window.shortened(), 6u);
}

TEST(Window, TheLastSecondStaysHoweverLarge) {
    Window window(bounds(300, 60));
    add_verdicts(window, 1, 5);
    add_verdicts(window, 2, 1000);
    EXPECT_EQ(numbers(window), std::vector<tally::Interval>{2});
    EXPECT_EQ(window.shortened(), 1u);
    add_verdicts(window, 3, 1);
    EXPECT_EQ(numbers(window), std::vector<tally::Interval>{3});
}

TEST(Window, KeepsWhatWasCounted) {
    Window window(bounds(10, 1000));
    add_verdicts(window, 5, 2);
    ASSERT_EQ(window.intervals().size(), 1u);
    const WindowInterval& kept = *window.intervals()[0];
    EXPECT_EQ(kept.packets, 12u);
    EXPECT_EQ(kept.attempts, 2u);
    EXPECT_EQ(kept.destinations.size(), 2u);
    EXPECT_EQ(kept.clients.size(), 2u);
    EXPECT_EQ(kept.sightings.size(), 2u);
    EXPECT_EQ(kept.size(), 6u);
}

TEST(Window, WhatAReaderHoldsStaysAsItWas) {
    Window window(bounds(10, 1000));
    add_verdicts(window, 5, 2);
    const auto held = window.intervals();
    for (tally::Interval interval = 100; interval < 200; ++interval) add_verdicts(window, interval, 3);
    ASSERT_EQ(held.size(), 1u);
    EXPECT_EQ(held[0]->interval, 5u);
    EXPECT_EQ(held[0]->size(), 6u);
}

TEST(Window, TakesOverOtherBounds) {
    Window window(bounds(10, 100000));
    for (tally::Interval interval = 1; interval <= 10; ++interval) add_verdicts(window, interval, 1);
    window.set(bounds(3, 100000));
    add_verdicts(window, 11, 1);
    EXPECT_EQ(numbers(window), (std::vector<tally::Interval>{9, 10, 11}));
    window.set(bounds(4, 100000));
    for (const tally::Interval interval : {12, 13, 14}) add_verdicts(window, interval, 1);
    EXPECT_EQ(numbers(window), (std::vector<tally::Interval>{11, 12, 13, 14}));
}

}  // namespace
}  // namespace rstwatch::control
