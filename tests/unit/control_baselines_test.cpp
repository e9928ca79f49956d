// SPDX-License-Identifier: Apache-2.0
#include "control/alert/baselines.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <numbers>

#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

using test::endpoint;

constexpr tally::Interval day = 1440, week = 7 * day;
constexpr tally::Interval tuesday = 28'302'240;  // 2023-10-24 00:00 UTC, a Tuesday, in minutes

AlertSubject service(std::uint32_t number) {
    return {AlertScope::service, Direction::incoming, endpoint(number, 80)};
}
AlertSubject host(std::uint32_t number) {
    return {AlertScope::host, Direction::incoming, endpoint(number, 0)};
}
AlertSubject client(std::uint32_t number) {
    return {AlertScope::host, Direction::outgoing, endpoint(number, 0)};
}
const AlertSubject network;

/// The same numbers on every machine: SplitMix64 (Steele, Lea, Flood 2014), and Poisson by Knuth's method.
class Chance {
  public:
    explicit Chance(std::uint64_t seed) : state_(seed) {}

    std::uint64_t poisson(double mean) {
        // A sum of smaller ones, so that exp(-mean) does not vanish.
        std::uint64_t count = 0;
        for (; mean > 50; mean -= 50) count += poisson(50);
        const double limit = std::exp(-mean);
        for (double product = uniform(); product > limit; product *= uniform()) ++count;
        return count;
    }

  private:
    double uniform() {
        state_ += 0x9e3779b97f4a7c15;
        std::uint64_t bits = state_;
        bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
        bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
        return static_cast<double>((bits ^ (bits >> 31)) >> 11) * 0x1.0p-53;
    }
    std::uint64_t state_;
};

/// Failures per minute of a service that people use: nine times as many in the afternoon as at night, few on Sundays.
double pattern(tally::Interval minute, double scale) {
    const double hour = static_cast<double>(minute % day) / 60;
    const double daily = 1 + 0.8 * std::sin((hour - 9) / 24 * 2 * std::numbers::pi);
    const bool is_sunday = ((minute / day) + 3) % 7 == 6;
    return scale * daily * (is_sunday ? 0.2 : 1);
}

class BaselinesTest : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        setenv("TZ", "UTC0", 1);
        tzset();
    }

    /// One minute; true if `subject` is unusual in it.
    bool pass(std::vector<MinuteFailures> failures, const AlertSubject& subject = service(1)) {
        std::erase_if(failures, [](const MinuteFailures& each) { return each.failed == 0; });
        std::ranges::sort(failures, {}, &MinuteFailures::subject);
        table.follow(now++, failures, alerting);
        return std::ranges::binary_search(table.unusual(), subject);
    }
    bool pass(std::uint64_t failed) { return pass({{service(1), failed, {}}}); }

    void quiet(tally::Interval minutes) {
        for (tally::Interval i = 0; i < minutes; ++i) pass({});
    }

    config::Settings settings = [] {
        config::Settings settings;
        settings.baseline.capacity = 64;
        return settings;
    }();
    Baselines table{settings};
    std::set<AlertSubject> alerting;
    tally::Interval now = tuesday;
};

TEST_F(BaselinesTest, SteadyTrafficWithItsDaysAndWeeksIsNeverUnusual) {
    for (const double scale : {0.05, 0.5, 5.0, 100.0, 3000.0}) {
        Chance chance(static_cast<std::uint64_t>(scale * 100));
        table = Baselines(settings);
        now = tuesday;
        while (now < tuesday + 7 * week)
            ASSERT_FALSE(pass(chance.poisson(pattern(now, scale))))
                << scale << " per minute, minute " << now - tuesday << ", deviation "
                << table.verdict(service(1))->deviation;
    }
}

TEST_F(BaselinesTest, FiveTimesAsManyAreUnusualWithinTenMinutes) {
    for (const double scale : {5.0, 100.0, 3000.0}) {
        for (const tally::Interval after : {4 * day + 600, 2 * week + 3 * day + 180, 5 * week + 900}) {
            Chance chance(7);
            table = Baselines(settings);
            now = tuesday;
            while (now < tuesday + after) pass(chance.poisson(pattern(now, scale)));
            unsigned minutes = 1;
            while (!pass(chance.poisson(5 * pattern(now, scale))) && minutes < 60) ++minutes;
            EXPECT_LE(minutes, 10u) << scale << " per minute, after " << after << " minutes";
            EXPECT_GE(table.rising(service(1))->rising_since, tuesday + after - 5);
        }
    }
}

TEST_F(BaselinesTest, ASlowRiseIsFoundBeforeItHasComeToFourTimesTheUsual) {
    Chance chance(11);
    while (now < tuesday + 3 * week) pass(chance.poisson(30));
    const tally::Interval begin = now;
    double factor = 1;
    // Doubles in six hours: no minute differs from the one before by more than 0.2 %.
    while (!pass(chance.poisson(30 * factor)) && factor < 100)
        factor = std::exp2(static_cast<double>(now - begin) / 360);
    EXPECT_GT(factor, 1.3);
    EXPECT_LT(factor, 4);
    EXPECT_NEAR(table.verdict(service(1))->usual.per_second(), 0.5, 0.05) << "nothing of the rise has been learnt";
}

TEST_F(BaselinesTest, AServiceThatHasNeverFailedIsKnownToBeSilent) {
    quiet(3 * day);
    EXPECT_EQ(table.size(), 0u);
    EXPECT_TRUE(pass(1000));
    EXPECT_EQ(table.verdict(service(1))->usual.per_second(), 0);
    EXPECT_EQ(table.verdict(service(1))->reached, AlertLevel::critical);
}

TEST_F(BaselinesTest, SaysNothingBeforeItHasWatchedLongEnough) {
    quiet(3 * day - 2);
    EXPECT_FALSE(pass(1000));
    EXPECT_EQ(table.verdict(service(1)), nullptr);
    EXPECT_EQ(table.watched(), 3 * day - 1);
    EXPECT_EQ(table.history(), 3 * day);
}

TEST_F(BaselinesTest, NothingIsLearntWhileThereIsAnAlert) {
    Chance chance(3);
    while (now < tuesday + 3 * week) pass(chance.poisson(20));
    const Usual before = *table.usual(service(1));
    const std::uint64_t learnt = [&] {
        std::uint64_t minutes = 0;
        table.for_each([&](const AlertSubject&, const Baseline& each) { minutes = each.state().learnt; });
        return minutes;
    }();
    alerting = {service(1)};
    for (tally::Interval i = 0; i < week; ++i) pass(chance.poisson(200));
    table.for_each([&](const AlertSubject&, const Baseline& each) { EXPECT_EQ(each.state().learnt, learnt); });
    EXPECT_NEAR(table.usual(service(1))->level, before.level, 0.1);
    EXPECT_TRUE(pass(200)) << "as unusual as it was a week ago";
}

TEST_F(BaselinesTest, WhatIsAcceptedIsUsualFromThenOn) {
    Chance chance(3);
    while (now < tuesday + 3 * week) pass(chance.poisson(20));
    alerting = {service(1)};
    for (int i = 0; i < 10; ++i) pass(chance.poisson(200));
    alerting.clear();
    table.accept(service(1));
    for (tally::Interval i = 0; i < week; ++i) ASSERT_FALSE(pass(chance.poisson(200)));
    EXPECT_NEAR(table.usual(service(1))->per_second(), 200.0 / 60, 0.2);
    unsigned minutes = 0;
    while (!pass(chance.poisson(1000)) && minutes < 60) ++minutes;
    EXPECT_LE(minutes, 10u);
}

TEST_F(BaselinesTest, AJobThatFailsEveryNightIsUsualOnceItIsKnown) {
    const auto job = [&] { return now % day >= 120 && now % day < 125 ? 500 : 0; };
    while (now < tuesday + 3 * day + 1) pass(static_cast<std::uint64_t>(job()));
    while (now < tuesday + 5 * week) ASSERT_FALSE(pass(static_cast<std::uint64_t>(job()))) << (now - tuesday) / day;
    now = now / day * day + 600;
    EXPECT_TRUE(pass(500) || pass(500)) << "at another time of the day";
}

TEST_F(BaselinesTest, WhatOneServiceExplainsIsNotToldOfItsHostItsClientAndTheNetworkAgain) {
    quiet(3 * day);
    const std::vector<MinuteFailures> failures{
        {service(1), 600, {}}, {host(1), 602, {}}, {client(9), 600, {endpoint(1, 80)}}, {network, 604, {}}};
    pass(failures);
    EXPECT_EQ(table.unusual(), std::vector{service(1)});
    alerting = {service(1)};
    for (int i = 0; i < 60; ++i) pass(failures);
    EXPECT_EQ(table.unusual(), std::vector{service(1)});
    EXPECT_EQ(table.verdict(client(9)), nullptr);
}

TEST_F(BaselinesTest, WhatNoServiceExplainsIsToldOfTheHost) {
    quiet(3 * day);
    std::vector<MinuteFailures> failures{{host(1), 0, {}}, {network, 0, {}}};
    for (std::uint16_t port = 1; port <= 40; ++port) {
        failures.push_back({{AlertScope::service, Direction::incoming, endpoint(1, port)}, 4, {}});
        failures[0].failed += 4;
        failures[1].failed += 4;
    }
    pass(failures);
    EXPECT_EQ(table.unusual(), std::vector{host(1)});
}

TEST_F(BaselinesTest, AClientThatFailsALittleEverywhereIsUnusualItself) {
    quiet(3 * day);
    pass({{client(9), 100, {endpoint(1, 80), endpoint(2, 80)}}, {service(1), 4, {}}, {service(2), 4, {}}});
    EXPECT_EQ(table.unusual(), std::vector{client(9)});
}

TEST_F(BaselinesTest, AWeekWithoutPacketsIsNotAWeekOfSilence) {
    Chance chance(5);
    while (now < tuesday + 3 * week) pass(chance.poisson(20));
    const Usual before = *table.usual(service(1));
    now += week;
    ASSERT_FALSE(pass(chance.poisson(20)));
    EXPECT_NEAR(table.usual(service(1))->level, before.level, 0.2);
    for (int i = 0; i < 600; ++i) ASSERT_FALSE(pass(chance.poisson(20)));
}

TEST_F(BaselinesTest, WhoFailsLeastGivesWayAndIsCounted) {
    std::vector<MinuteFailures> all;
    for (std::uint32_t i = 0; i < 64; ++i) all.push_back({service(i), 10 + i, {}});
    for (tally::Interval i = 0; i < 3 * day; ++i) pass(all);
    EXPECT_EQ(table.size(), 64u);
    EXPECT_EQ(table.overflowed(), 0u);
    // Four of 64 may give way in a minute.
    std::vector<MinuteFailures> others;
    for (std::uint32_t i = 100; i < 110; ++i) others.push_back({service(i), i, {}});
    pass(others);
    EXPECT_EQ(table.size(), 64u);
    EXPECT_EQ(table.evicted(), 4u);
    EXPECT_EQ(table.overflowed(), 6u);
    EXPECT_FALSE(table.usual(service(3))) << "that failed least, and is not known to be silent now";
    EXPECT_TRUE(table.usual(service(4)));
    EXPECT_FALSE(table.usual(service(109))) << "who has come since then is not known to have been silent";
    EXPECT_EQ(table.watched(), 1u);
}

TEST_F(BaselinesTest, WhoHardlyEverFailsCostsNothing) {
    quiet(3 * day);
    for (std::uint32_t i = 0; i < 640; ++i) pass({{service(i), 1, {}}});
    EXPECT_LE(table.size(), 64u);
    quiet(5 * 60);
    for (std::uint32_t i = 1000; i < 1060; ++i) pass({{service(i), 1, {}}});
    EXPECT_EQ(table.evicted(), 0u);
    EXPECT_GT(table.watched(), 3 * day) << "nothing of weight was forgotten";
    EXPECT_TRUE(pass(1000)) << "still known to be silent";
}

TEST_F(BaselinesTest, GoesOnFromWhatWasKept) {
    Chance chance(5);
    while (now < tuesday + 3 * week) pass(chance.poisson(20));
    Baselines again(settings);
    again.restore_silence(table.silence().state());
    table.for_each([&](const AlertSubject& subject, const Baseline& each) { again.restore(subject, each.state()); });
    for (int i = 0; i < 120; ++i) {
        const std::vector<MinuteFailures> failures{{service(1), chance.poisson(i < 60 ? 20 : 100), {}}};
        table.follow(now, failures, {});
        again.follow(now, failures, {});
        ++now;
        ASSERT_EQ(again.unusual(), table.unusual());
        ASSERT_DOUBLE_EQ(again.verdict(service(1))->deviation, table.verdict(service(1))->deviation);
    }
    EXPECT_EQ(again.unusual().size(), 1u);
    EXPECT_EQ(again.watched(), table.watched());
}

}  // namespace
}  // namespace rstwatch::control
