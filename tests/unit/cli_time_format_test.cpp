// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/time_format.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cmath>
#include <ctime>
#include <string>

namespace rstwatch::cli {
namespace {

/// Sets the time zone for as long as it lives.
class Zone {
  public:
    explicit Zone(const char* name) {
        if (const char* before = getenv("TZ")) before_ = before;
        setenv("TZ", name, 1);
        tzset();
    }
    ~Zone() {
        before_ ? setenv("TZ", before_->c_str(), 1) : unsetenv("TZ");
        tzset();
    }
    Zone(const Zone&) = delete;
    Zone& operator=(const Zone&) = delete;

  private:
    std::optional<std::string> before_;
};

TEST(CliTimeFormat, PeriodsAreInTheirOwnUnit) {
    EXPECT_EQ(period_text(0), "0 s");
    EXPECT_EQ(period_text(10), "10 s");
    EXPECT_EQ(period_text(60), "1 min");
    EXPECT_EQ(period_text(77), "1 min 17 s");
    EXPECT_EQ(period_text(86400), "24 h");
    EXPECT_EQ(period_text(7 * 86400), "7 d");
}

TEST(CliTimeFormat, TimesAreLocal) {
    const Zone winter("XST8");
    EXPECT_EQ(local_time(1795172090.999999), "2026-11-20 02:54:50");
}

TEST(CliTimeFormat, TimesBeforeTheEpochRoundDownToo) {
    const Zone utc("UTC0");
    EXPECT_EQ(local_time(1795172090.0), "2026-11-20 10:54:50");
    EXPECT_EQ(local_time(0.0), "1970-01-01 00:00:00");
    EXPECT_EQ(local_time(-0.5), "1969-12-31 23:59:59");
}

TEST(CliTimeFormat, WhatNoCalendarHasIsUnknown) {
    EXPECT_EQ(local_time(std::nullopt), "unknown");
    EXPECT_EQ(local_time(NAN), "unknown");
    EXPECT_EQ(local_time(1e300), "unknown");
    EXPECT_EQ(local_time(-1e300), "unknown");
}

TEST(CliTimeFormat, SpansHaveTheTwoUnitsThatMatter) {
    EXPECT_EQ(span_text(0.0), "0.000 s");
    EXPECT_EQ(span_text(0.25), "0.250 s");
    EXPECT_EQ(span_text(12.5), "12.5 s");
    EXPECT_EQ(span_text(200.0), "3 min 20 s");
    EXPECT_EQ(span_text(18120.0), "5 h 2 min");
    EXPECT_EQ(span_text(1.4e9), "16,203 d 16 h");
    EXPECT_EQ(span_text(std::nullopt), "unknown");
    EXPECT_EQ(span_text(-1.0), "unknown");
}

}  // namespace
}  // namespace rstwatch::cli
