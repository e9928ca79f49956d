// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/sparkline.h"

#include <gtest/gtest.h>

namespace rstwatch::cli {
namespace {

using Values = std::vector<std::optional<double>>;

TEST(Sparkline, GoesFromNothingToThePeak) {
    EXPECT_EQ(sparkline({0, 1, 2, 3, 4, 5, 6, 7, 8}, true), "·▁▂▃▄▅▆▇█");
    EXPECT_EQ(sparkline({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, false), ".123456789");
}

TEST(Sparkline, WhateverIsAboveNothingShows) {
    EXPECT_EQ(sparkline({0.001, 1000.0, 0}, true), "▁█·");
    EXPECT_EQ(sparkline({1e-9, 1e9}, false), "19");
}

TEST(Sparkline, WhatIsMissingIsBlankAndNotNothing) {
    EXPECT_EQ(sparkline({std::nullopt, 0, std::nullopt, 2}, true), " · █");
    EXPECT_EQ(sparkline({0, 0}, true), "··");
    EXPECT_EQ(sparkline({}, true), "");
}

TEST(Sparkline, PeaksStayVisibleWhereItIsTooNarrow) {
    EXPECT_EQ(squeezed({1, 2, 9, 3, 4, std::nullopt, std::nullopt, std::nullopt, 5}, 3), (Values{9, 4, 5}));
    EXPECT_EQ(squeezed({std::nullopt, std::nullopt, 1, std::nullopt}, 2), (Values{std::nullopt, 1}));
    EXPECT_EQ(squeezed({1, 2}, 10), (Values{1, 2}));
    EXPECT_EQ(squeezed({}, 10), Values{});
}

}  // namespace
}  // namespace rstwatch::cli
