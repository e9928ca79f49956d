// SPDX-License-Identifier: Apache-2.0
#include "control/alert/watch.h"

#include <gtest/gtest.h>

namespace rstwatch::control {
namespace {

/// Steps through rates and writes down each change as it happens: "3:warn" after the third interval.
std::string changes(const std::vector<double>& rates, double share = 1) {
    const config::Settings::Alerts settings;
    AlertWatch watch;
    std::string text;
    for (std::size_t i = 0; i < rates.size(); ++i)
        if (const auto level = watch.step(settings, rates[i], share))
            text += std::to_string(i + 1) + ':' + std::string(name(*level)) + ' ';
    return text;
}

TEST(AlertWatch, RisesAfterThreeIntervalsInARow) {
    EXPECT_EQ(changes({1, 1}), "");
    EXPECT_EQ(changes({1, 1, 1}), "3:warn ");
    EXPECT_EQ(changes({1, 1, 0.9, 1, 1}), "");
    EXPECT_EQ(changes({1, 1, 0.9, 1, 1, 1}), "6:warn ");
}

TEST(AlertWatch, RisesToTheLevelThatHeldAllTheTime) {
    EXPECT_EQ(changes({10, 10, 10}), "3:error ");
    EXPECT_EQ(changes({50, 50, 50}), "3:critical ");
    EXPECT_EQ(changes({1, 10, 50}), "3:warn ");
    EXPECT_EQ(changes({1, 10, 50, 50, 50, 50}), "3:warn 6:critical ");
}

TEST(AlertWatch, FallsAfterFiveIntervalsBelowFourFifths) {
    EXPECT_EQ(changes({1, 1, 1, 0, 0, 0, 0}), "3:warn ");
    EXPECT_EQ(changes({1, 1, 1, 0, 0, 0, 0, 0}), "3:warn 8:none ");
    EXPECT_EQ(changes({1, 1, 1, 0, 0, 0, 0, 0.8, 0, 0, 0, 0}), "3:warn ");
    EXPECT_EQ(changes({1, 1, 1, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8}), "3:warn ");
    EXPECT_EQ(changes({1, 1, 1, 0.79, 0.79, 0.79, 0.79, 0.79}), "3:warn 8:none ");
}

TEST(AlertWatch, FallsToTheHighestLevelThatItReachedMeanwhile) {
    EXPECT_EQ(changes({50, 50, 50, 0, 9, 2, 0, 0}), "3:critical 8:error ");
    EXPECT_EQ(changes({50, 50, 50, 2, 2, 2, 2, 2, 2}), "3:critical 8:warn ");
}

TEST(AlertWatch, ASmallShareIsNone) {
    EXPECT_EQ(changes({100, 100, 100, 100}, 0.049), "");
    EXPECT_EQ(changes({100, 100, 100, 100}, 0.05), "3:critical ");
}

TEST(AlertWatch, IsIdleOnlyWhileNothingIsAboutToHappen) {
    const config::Settings::Alerts settings;
    AlertWatch watch;
    EXPECT_TRUE(watch.is_idle());
    watch.step(settings, 1, 1);
    EXPECT_FALSE(watch.is_idle());
    watch.step(settings, 0, 1);
    EXPECT_TRUE(watch.is_idle());
    watch.resume(AlertLevel::warn);
    EXPECT_FALSE(watch.is_idle());
}

}  // namespace
}  // namespace rstwatch::control
