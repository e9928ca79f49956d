// SPDX-License-Identifier: Apache-2.0
#include "control/registry/rates.h"

#include <gtest/gtest.h>

namespace rstwatch::control {
namespace {

constexpr tally::Interval noon = 1'700'000'400;  // on a boundary of every step but the hour

TEST(Rates, TenSecondsAreExact) {
    Rates rates;
    for (tally::Interval second = noon; second < noon + 30; ++second) rates.add(second, 2, 3);
    const Rates::Sum sum = rates.over(0, noon + 29);
    EXPECT_EQ(sum.failed, 20u);
    EXPECT_EQ(sum.accepted, 30u);
    EXPECT_EQ(sum.seconds, 10u);
}

TEST(Rates, EverySpanOfASteadyRateSaysThatRate) {
    Rates rates;
    for (tally::Interval second = noon - 110'000; second <= noon + 17; ++second) rates.add(second, 2, 0);
    for (std::size_t span = 0; span < rate_spans.size(); ++span) {
        const Rates::Sum sum = rates.over(span, noon + 17);
        EXPECT_EQ(sum.failed, 2 * sum.seconds) << rate_spans[span];
        EXPECT_GE(sum.seconds, rate_spans[span]);
        EXPECT_LT(sum.seconds, rate_spans[span] * 6 / 5);
    }
}

TEST(Rates, WhatIsOlderThanItsSpanIsForgotten) {
    Rates rates;
    rates.add(noon, 100, 0);
    EXPECT_EQ(rates.over(0, noon + 9).failed, 100u);
    EXPECT_EQ(rates.over(0, noon + 10).failed, 0u);
    EXPECT_EQ(rates.over(1, noon + 69).failed, 100u);
    EXPECT_EQ(rates.over(1, noon + 70).failed, 0u);
    EXPECT_EQ(rates.over(4, noon + 86'400).failed, 100u);
    EXPECT_EQ(rates.over(4, noon + 100'800).failed, 0u);
}

TEST(Rates, BucketsAreUsedAnewAfterALongSilence) {
    Rates rates;
    for (tally::Interval second = noon; second < noon + 10; ++second) rates.add(second, 1, 0);
    rates.add(noon + 1'000'000, 1, 0);
    for (std::size_t span = 0; span < rate_spans.size(); ++span)
        EXPECT_EQ(rates.over(span, noon + 1'000'000).failed, 1u) << rate_spans[span];
}

TEST(Rates, AVerdictThatIsWithdrawnLeavesTheSecondItWasGivenIn) {
    Rates rates;
    rates.add(noon, 2, 0);
    rates.add(noon + 5, 1, 0);
    rates.add(noon, -1, 0);
    EXPECT_EQ(rates.over(0, noon + 5).failed, 2u);
    EXPECT_EQ(rates.over(0, noon + 10).failed, 1u);
    rates.add(noon - 50, -1, 0);  // is in none of the last ten seconds: changes what still covers it
    EXPECT_EQ(rates.over(0, noon + 5).failed, 2u);
}

TEST(Rates, AreSmall) {
    EXPECT_LE(sizeof(RecentCount), 160u) << "every service and client that accepts has one";
}

TEST(Rates, OfOneMinuteAndOneSecond) {
    Rates rates;
    rates.add(600, 3, 1);
    rates.add(659, 4, 0);
    rates.add(660, 5, 2);
    EXPECT_EQ(rates.in_minute(10).failed, 7u);
    EXPECT_EQ(rates.in_minute(10).accepted, 1u);
    EXPECT_EQ(rates.in_minute(10).seconds, 60u);
    EXPECT_EQ(rates.in_minute(11).failed, 5u);
    EXPECT_EQ(rates.in_minute(12).failed, 0u);
    EXPECT_EQ(rates.in_second(659).failed, 4u);
    EXPECT_EQ(rates.in_second(658).failed, 0u);
    EXPECT_EQ(rates.in_second(600).failed, 0u) << "no longer kept";
    rates.add(659, -1, 0);
    EXPECT_EQ(rates.in_minute(10).failed, 6u);
    rates.add(960, 1, 0);
    EXPECT_EQ(rates.in_minute(10).failed, 0u) << "no longer kept";
    EXPECT_EQ(rates.in_minute(11).failed, 5u);
}

}  // namespace
}  // namespace rstwatch::control
