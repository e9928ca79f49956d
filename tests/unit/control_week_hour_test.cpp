// SPDX-License-Identifier: Apache-2.0
#include "control/alert/week_hour.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <string>

namespace rstwatch::control {
namespace {

class WeekHourTest : public testing::Test {
  protected:
    WeekHourTest() {
        if (const char* before = getenv("TZ")) before_ = before;
        set_zone("UTC0");
    }
    ~WeekHourTest() override {
        before_.empty() ? unsetenv("TZ") : setenv("TZ", before_.c_str(), 1);
        tzset();
    }
    static void set_zone(const char* zone) {
        setenv("TZ", zone, 1);
        tzset();
    }
    static WeekHour at(std::uint64_t seconds) { return week_hour_of(seconds * tally::second); }

  private:
    std::string before_;
};

TEST_F(WeekHourTest, TheEpochWasAThursday) {
    EXPECT_EQ(at(0).of_week(), 3 * 24);
    EXPECT_EQ(week_hour_in_words(at(0).of_week()), "Thursday 00:00");
    EXPECT_EQ(at(4 * 86400 - 1).of_week(), 167);
    EXPECT_EQ(at(4 * 86400).of_week(), 0);
    EXPECT_EQ(at(4 * 86400).week(), at(4 * 86400 - 1).week() + 1);
}

TEST_F(WeekHourTest, IsOfTheSensorsLocalTime) {
    constexpr std::uint64_t tuesday = 1'700'000'000;  // 2023-11-14 22:13:20 UTC
    EXPECT_EQ(week_hour_in_words(at(tuesday).of_week()), "Tuesday 22:00");
    set_zone("IST-5:30");
    EXPECT_EQ(week_hour_in_words(at(tuesday).of_week()), "Wednesday 03:00");
    set_zone("EST5");
    EXPECT_EQ(week_hour_in_words(at(tuesday).of_week()), "Tuesday 17:00");
    set_zone("EST5");
    EXPECT_EQ(at(0).of_week(), 2 * 24 + 19) << "Wednesday evening, before the local epoch";
}

TEST_F(WeekHourTest, FollowsSummerTime) {
    set_zone("CET-1CEST,M3.5.0,M10.5.0/3");
    constexpr std::uint64_t spring = 1'774'746'000;  // 2026-03-29 01:00 UTC: 02:00 becomes 03:00
    EXPECT_EQ(at(spring).number, at(spring - 1).number + 2);
    constexpr std::uint64_t autumn = 1'792'890'000;  // 2026-10-25 01:00 UTC: 03:00 becomes 02:00
    EXPECT_EQ(at(autumn).number, at(autumn - 1).number);
    EXPECT_EQ(week_hour_in_words(at(autumn).of_week()), "Sunday 02:00");
}

}  // namespace
}  // namespace rstwatch::control
