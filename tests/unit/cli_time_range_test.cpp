// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/time_range.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace rstwatch::cli {
namespace {

class TimeRange : public testing::Test {
  protected:
    TimeRange() { set_zone("UTC0"); }
    ~TimeRange() override { set_zone("UTC0"); }
    static void set_zone(const char* zone) {
        setenv("TZ", zone, 1);
        tzset();
    }

    static constexpr double noon = 1795262400;  // 2026-11-21 12:00:00 UTC
    static constexpr double hour = 3600, day = 86400;
};

TEST_F(TimeRange, SecondsSinceTheEpochAreThemselves) {
    EXPECT_EQ(parse_time("1795262400", 0), 1795262400.0);
    EXPECT_EQ(parse_time("1795262400.25", 0), 1795262400.25);
    EXPECT_EQ(parse_time("0", 0), 0.0);
}

TEST_F(TimeRange, DatesAreLocal) {
    EXPECT_EQ(parse_time("2026-11-21T12:00", 0), noon);
    EXPECT_EQ(parse_time("2026-11-21 12:00:30", 0), noon + 30);
    EXPECT_EQ(parse_time("2026-11-21", 0), noon - 12 * hour);
    set_zone("CET-1CEST,M3.5.0,M10.5.0/3");
    EXPECT_EQ(parse_time("2026-11-21T13:00", 0), noon);
    EXPECT_EQ(parse_time("2026-07-21T14:00", 0), 1784635200.0);
}

TEST_F(TimeRange, ATimeOfDayIsTheLastOneThereWas) {
    EXPECT_EQ(parse_time("10:50", noon), noon - hour - 10 * 60);
    EXPECT_EQ(parse_time("12:00", noon), noon);
    EXPECT_EQ(parse_time("12:00:01", noon), noon + 1 - day);
    EXPECT_EQ(parse_time("23:50", noon), noon - 12 * hour - 10 * 60);
}

TEST_F(TimeRange, TheEndIsTheFirstOneAfterTheBeginning) {
    const double begin = *parse_time("23:50", noon);
    EXPECT_EQ(parse_time("00:10", noon, begin), begin + 20 * 60);
    EXPECT_EQ(parse_time("23:55", noon, begin), begin + 5 * 60);
    EXPECT_EQ(parse_time("23:50", noon, begin), begin + day);
    // Later than now, too: the daemon answers with what there is.
    EXPECT_EQ(parse_time("14:00", noon, noon - hour), noon + 2 * hour);
}

TEST_F(TimeRange, ADayOf23HoursIsADay) {
    set_zone("CET-1CEST,M3.5.0,M10.5.0/3");
    const double monday = *parse_time("2026-03-30T00:10", 0);  // Sunday the 29th had 23 hours
    EXPECT_EQ(parse_time("00:20", monday), *parse_time("2026-03-29T00:20", 0));
}

TEST_F(TimeRange, WhatIsNoTimeIsNone) {
    for (const char* text : {"", "24:00", "10:60", "10:5x", ":10", "10:", "2026-13-01", "2026-02-30", "26-11-21",
                             "2026-11-21T", "2026-11-21T25:00", "yesterday", "-5", "1e9x", "nan", "2026-11-21Z10:00"})
        EXPECT_EQ(parse_time(text, noon), std::nullopt) << text;
}

}  // namespace
}  // namespace rstwatch::cli
