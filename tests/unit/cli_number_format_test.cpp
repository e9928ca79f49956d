// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/number_format.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>

namespace rstwatch::cli {
namespace {

TEST(CliNumberFormat, SeparatesThousands) {
    EXPECT_EQ(with_separators(0), "0");
    EXPECT_EQ(with_separators(999), "999");
    EXPECT_EQ(with_separators(1000), "1,000");
    EXPECT_EQ(with_separators(1234567), "1,234,567");
    EXPECT_EQ(with_separators(-999), "-999");
    EXPECT_EQ(with_separators(-1000), "-1,000");
    EXPECT_EQ(with_separators(std::numeric_limits<std::int64_t>::min()), "-9,223,372,036,854,775,808");
}

TEST(CliNumberFormat, WhatIsNotKnownIsNotZero) {
    EXPECT_EQ(count_text(std::nullopt), "unknown");
    EXPECT_EQ(count_text(0), "0");
    EXPECT_EQ(rate_text(std::nullopt), "unknown");
    EXPECT_EQ(rate_text(NAN), "unknown");
    EXPECT_EQ(rate_text(INFINITY), "unknown");
    EXPECT_EQ(estimate_text(std::nullopt, 5), "unknown");
}

TEST(CliNumberFormat, RatesHaveTwoDecimals) {
    EXPECT_EQ(rate_text(0.0), "0.00");
    EXPECT_EQ(rate_text(2.005), "2.00");
    EXPECT_EQ(rate_text(2.01), "2.01");
    EXPECT_EQ(rate_text(1234.5), "1,234.50");
    EXPECT_EQ(rate_text(1e300).size(), 404U);
}

TEST(CliNumberFormat, SharesArePercent) {
    EXPECT_EQ(share_text(1, 4), "25.0 %");
    EXPECT_EQ(share_text(0, 4), "0.0 %");
    EXPECT_EQ(share_text(0, 0), "-");
}

TEST(CliNumberFormat, EstimatesShowTheirError) {
    EXPECT_EQ(estimate_text(1234, 0), "1,234");
    EXPECT_EQ(estimate_text(1234, std::nullopt), "1,234");
    EXPECT_EQ(estimate_text(1234, 2000), "1,234 ±2,000");
}

}  // namespace
}  // namespace rstwatch::cli
