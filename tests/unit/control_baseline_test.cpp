// SPDX-License-Identifier: Apache-2.0
#include "control/alert/baseline.h"

#include <gtest/gtest.h>

#include <cmath>

namespace rstwatch::control {
namespace {

constexpr std::size_t weeks = 4;
constexpr std::int64_t hours_in_week = WeekHour::in_a_week;
constexpr std::int64_t monday = 100 * hours_in_week - 72;  // a Monday, midnight

BaselineLimits limits() {
    config::Settings settings;
    settings.baseline.history = 3600;
    return BaselineLimits(settings);
}

/// An hour in each of whose minutes the same number fails.
void learn_hour(Baseline& baseline, std::int64_t hour, double failed, unsigned minutes = 60) {
    baseline.enter({hour});
    for (unsigned i = 0; i < minutes; ++i) baseline.learn(failed);
}

TEST(Baseline, AveragesMeanAndVarianceWithTheLastHourAsMemory) {
    Baseline baseline(weeks);
    baseline.enter({monday});
    baseline.learn(std::expm1(1.0));
    EXPECT_DOUBLE_EQ(baseline.state().level, 1);
    EXPECT_DOUBLE_EQ(baseline.state().variance, 0);
    baseline.learn(std::expm1(7.0));  // six above
    EXPECT_NEAR(baseline.state().level, 1.1, 1e-12);
    EXPECT_NEAR(baseline.state().variance, 59.0 / 60 * 36 / 60, 1e-12);
    baseline.learn(std::expm1(1.1));
    EXPECT_NEAR(baseline.state().level, 1.1, 1e-12);
    EXPECT_NEAR(baseline.state().variance, 59.0 / 60 * (59.0 / 60 * 36 / 60), 1e-12);
    const Usual usual = baseline.usual();
    EXPECT_EQ(usual.basis, Usual::Basis::recent);
    EXPECT_NEAR(usual.per_second(), std::expm1(1.1) / 60, 1e-12);
}

TEST(Baseline, TheSameHourOfOtherWeeksIsTheirMedianWithItsAbsoluteDeviation) {
    Baseline baseline(weeks);
    const double failed[] = {1, 10, 2, 3};
    for (int i = 0; i < 4; ++i) learn_hour(baseline, monday + i * hours_in_week, failed[i]);
    baseline.enter({monday + 4 * hours_in_week});
    // ln 2, ln 3, ln 4 and ln 11 in steps of 1/14: 10, 15, 19 and 34. Median 17; deviations from it 7, 2, 2 and 17.
    const Usual usual = baseline.usual();
    EXPECT_EQ(usual.basis, Usual::Basis::hour_of_week);
    EXPECT_EQ(usual.samples, 4u);
    EXPECT_EQ(usual.of_week, 0);
    EXPECT_NEAR(usual.level, 17.0 / 14, 1e-12);
    EXPECT_NEAR(usual.spread, 1.4826 * 4.5 / 14, 1e-12);
    EXPECT_NEAR(usual.deviation_of(20), (std::log(21.0) - 17.0 / 14) / (1.4826 * 4.5 / 14), 1e-9);
}

TEST(Baseline, WhatAnHourSpreadsWithinCountsAsMuch) {
    Baseline baseline(weeks);
    for (int i = 0; i < 2; ++i) {
        baseline.enter({monday + i * hours_in_week});
        for (int minute = 0; minute < 60; ++minute) baseline.learn(minute % 2 == 0 ? 0 : std::expm1(4.0));
    }
    baseline.enter({monday + 2 * hours_in_week});
    EXPECT_NEAR(baseline.usual().level, 2, 1e-9);
    EXPECT_NEAR(baseline.usual().spread, 2, 1e-9);
}

TEST(Baseline, IsNeverSureOfLessThanAThird) {
    Baseline baseline(weeks);
    for (int i = 0; i < 3; ++i) learn_hour(baseline, monday + i * hours_in_week, 100);
    baseline.enter({monday + 3 * hours_in_week});
    EXPECT_DOUBLE_EQ(baseline.usual().spread, 0.3);
}

TEST(Baseline, BeforeTwoWeeksAreKnownTheSameHourOfOtherDaysStandsIn) {
    Baseline baseline(weeks);
    for (int day = 0; day < 3; ++day) {
        for (int hour = 0; hour < 24; ++hour) learn_hour(baseline, monday + day * 24 + hour, hour == 9 ? 50 : 2);
    }
    baseline.enter({monday + 3 * 24 + 9});
    const Usual usual = baseline.usual();
    EXPECT_EQ(usual.basis, Usual::Basis::hour_of_day);
    EXPECT_EQ(usual.samples, 3u);
    EXPECT_NEAR(usual.level, std::log(51.0), 1.0 / 28);
    baseline.enter({monday + 3 * 24 + 10});
    EXPECT_NEAR(baseline.usual().level, std::log(3.0), 1.0 / 28);
}

TEST(Baseline, AnHourThatIsKnownByLessThanHalfDoesNotCount) {
    Baseline baseline(weeks);
    learn_hour(baseline, monday, 5);
    learn_hour(baseline, monday + hours_in_week, 5, 29);
    baseline.enter({monday + 2 * hours_in_week});
    EXPECT_NE(baseline.usual().basis, Usual::Basis::hour_of_week);
    learn_hour(baseline, monday + 2 * hours_in_week, 5, 30);
    baseline.enter({monday + 3 * hours_in_week});
    EXPECT_EQ(baseline.usual().basis, Usual::Basis::hour_of_week);
    EXPECT_EQ(baseline.usual().samples, 2u);
}

TEST(Baseline, KeepsSoManyWeeksAndNoMore) {
    Baseline baseline(weeks);
    for (int i = 0; i < 4; ++i) learn_hour(baseline, monday + i * hours_in_week, 100);
    for (int i = 4; i < 8; ++i) learn_hour(baseline, monday + i * hours_in_week, 1);
    baseline.enter({monday + 8 * hours_in_week});
    EXPECT_EQ(baseline.usual().samples, 4u);
    EXPECT_NEAR(baseline.usual().level, std::log(2.0), 1.0 / 28);
}

TEST(Baseline, WhatWasNotWatchedIsNotKnown) {
    Baseline baseline(weeks);
    for (int i = 0; i < 4; ++i) learn_hour(baseline, monday + i * hours_in_week, 9);
    baseline.enter({monday + 6 * hours_in_week});  // off for two weeks
    EXPECT_EQ(baseline.usual().samples, 2u) << "of three and four weeks ago";
    baseline.enter({monday + 6 * hours_in_week + 5 * hours_in_week});
    EXPECT_EQ(baseline.usual().basis, Usual::Basis::recent);
    EXPECT_EQ(baseline.state().learnt, 0u) << "off for longer than what is kept: learnt anew";
}

TEST(Baseline, AddsUpDeviationsBeyondTheSlackUntilTheLimit) {
    Baseline baseline(weeks);
    learn_hour(baseline, monday, 0);
    const double adds = std::log(7.0) / 0.3 - 1;  // 5.49
    for (std::uint64_t minute = 1; minute <= 3; ++minute) {
        const auto verdict = baseline.judge(minute, 6, limits());
        ASSERT_TRUE(verdict);
        EXPECT_NEAR(verdict->deviation, std::log(7.0) / 0.3, 1e-9);
        EXPECT_NEAR(baseline.state().cusum, adds * static_cast<double>(minute), 1e-9);
        EXPECT_EQ(verdict->reached, minute == 3 ? AlertLevel::warn : AlertLevel::none) << minute;
    }
    EXPECT_EQ(baseline.state().rising_since, 1u);
    EXPECT_EQ(baseline.state().rising_failed, 18u);
}

TEST(Baseline, ItsSumFallsByTheSlackInQuietMinutesAndNeverBelowZero) {
    Baseline baseline(weeks);
    learn_hour(baseline, monday, 0);
    baseline.judge(1, 6, limits());
    const double sum = baseline.state().cusum;
    EXPECT_EQ(baseline.judge(2, 0, limits())->reached, AlertLevel::none);
    EXPECT_NEAR(baseline.state().cusum, sum - 1, 1e-9);
    for (std::uint64_t minute = 3; minute < 20; ++minute) baseline.judge(minute, 0, limits());
    EXPECT_EQ(baseline.state().cusum, 0);
    baseline.judge(20, 6, limits());
    EXPECT_EQ(baseline.state().rising_since, 20u);
}

TEST(Baseline, WhatIsTooLittleIsNeverUnusual) {
    Baseline baseline(weeks);
    learn_hour(baseline, monday, 0);
    for (std::uint64_t minute = 1; minute < 100; ++minute)
        EXPECT_EQ(baseline.judge(minute, 5, limits())->reached, AlertLevel::none);
    EXPECT_EQ(baseline.state().cusum, 0);
}

TEST(Baseline, TheLevelRisesWithTheDeviation) {
    const auto level_at = [](double failed) {
        Baseline baseline(weeks);
        learn_hour(baseline, monday, 0);
        baseline.judge(1, failed, limits());
        return baseline.judge(2, failed, limits())->reached;
    };
    // With a spread of 0.3: 8 deviations are e^2.4 = 11.02, 16 are e^4.8 = 121.5 times one more than usual.
    EXPECT_EQ(level_at(7), AlertLevel::none) << "in the third minute";
    EXPECT_EQ(level_at(10), AlertLevel::warn);
    EXPECT_EQ(level_at(11), AlertLevel::error);
    EXPECT_EQ(level_at(120), AlertLevel::error);
    EXPECT_EQ(level_at(121), AlertLevel::critical);
}

TEST(Baseline, ALevelIsKeptWithHysteresis) {
    const auto kept_at = [](double failed) {
        Baseline baseline(weeks);
        learn_hour(baseline, monday, 0);
        return baseline.judge(1, failed, limits())->kept;
    };
    EXPECT_EQ(kept_at(4), AlertLevel::none) << "below 0.8 of the least rate";
    EXPECT_EQ(kept_at(5), AlertLevel::warn);
    EXPECT_EQ(kept_at(6), AlertLevel::error) << "6.4 deviations are e^1.92 = 6.82";
    EXPECT_EQ(kept_at(45), AlertLevel::error);
    EXPECT_EQ(kept_at(46), AlertLevel::critical) << "12.8 deviations are e^3.84 = 46.5";
}

TEST(Baseline, SaysNothingBeforeItKnowsEnough) {
    Baseline baseline(weeks);
    learn_hour(baseline, monday, 0, 59);
    EXPECT_FALSE(baseline.judge(1, 1000, limits()));
    EXPECT_EQ(baseline.state().cusum, 0);
    baseline.learn(0);
    EXPECT_TRUE(baseline.judge(2, 1000, limits()));
}

TEST(Baseline, LearnsAnewFromTheLevelThatIsGiven) {
    Baseline baseline(weeks);
    for (int i = 0; i < 4; ++i) learn_hour(baseline, monday + i * hours_in_week, 1);
    baseline.learn_anew(50);
    EXPECT_FALSE(baseline.speaks(limits()));
    EXPECT_NEAR(baseline.usual().per_second(), 50.0 / 60, 1e-9);
    EXPECT_EQ(baseline.usual().basis, Usual::Basis::recent);
}

TEST(Baseline, ComesBackFromItsState) {
    Baseline baseline(weeks);
    for (int i = 0; i < 3; ++i) learn_hour(baseline, monday + i * hours_in_week, 4 + i);
    const Baseline again(weeks, baseline.state());
    EXPECT_EQ(again.usual().level, baseline.usual().level);
    const Baseline others(weeks + 1, baseline.state());
    EXPECT_EQ(others.state().hours.size(), 2 * 168 * (weeks + 1)) << "of another number of weeks";
    EXPECT_EQ(others.usual().basis, Usual::Basis::recent);
    EXPECT_EQ(others.state().learnt, baseline.state().learnt);
}

/// Whatever happens in every hour alike is no alert with the settings as they are: sqrt(n (60 - n)) - n is 12.4 at
/// most, for n minutes of an hour.
TEST(Baseline, NothingThatHappensInEveryHourAddsUp) {
    for (int length = 1; length < 60; ++length) {
        Baseline baseline(weeks);
        double highest = 0;
        for (int hour = 0; hour < 3 * hours_in_week; ++hour) {
            baseline.enter({monday + hour});
            for (int minute = 0; minute < 60; ++minute) {
                const double failed = minute < length ? 5000 : 0;
                const bool is_known = hour >= 2 * hours_in_week;
                if (is_known) baseline.judge(1, failed, limits());
                highest = std::max(highest, baseline.state().cusum);
                baseline.learn(failed);
            }
        }
        EXPECT_LT(highest, 13) << length << " minutes of every hour";
    }
}

}  // namespace
}  // namespace rstwatch::control
