// SPDX-License-Identifier: Apache-2.0
#include "control/watchdog.h"

#include <gtest/gtest.h>

#include <string>

namespace rstwatch::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Watchdog::Clock::time_point first_look{seconds(1000)};

class WatchdogTest : public testing::Test {
  protected:
    Watchdog watchdog(std::optional<std::chrono::microseconds> timeout) {
        return {timeout, vitals_, [this](std::string_view state) { told_.emplace_back(state); }};
    }

    Vitals vitals_;
    std::vector<std::string> told_;
};

TEST_F(WatchdogTest, TellsSeveralTimesWithinTheTimeout) {
    Watchdog watchdog = this->watchdog(seconds(8));
    for (int i = 0; i <= 80; ++i) watchdog.feed(first_look + i * milliseconds(100));
    EXPECT_EQ(told_, std::vector<std::string>(5, "WATCHDOG=1"));
}

TEST_F(WatchdogTest, IsSilentWhereNobodyWatches) {
    Watchdog watchdog = this->watchdog(std::nullopt);
    watchdog.feed(first_look);
    EXPECT_TRUE(told_.empty());
}

TEST_F(WatchdogTest, IsSilentForAsLongAsACoreStandsStill) {
    Watchdog watchdog = this->watchdog(seconds(4));
    vitals_.beat(first_look, {1});
    watchdog.feed(first_look);
    EXPECT_EQ(told_.size(), 1u);
    vitals_.beat(first_look + seconds(10), {1});
    watchdog.feed(first_look + seconds(10));
    EXPECT_EQ(told_.size(), 1u) << "the core has not polled";
    vitals_.beat(first_look + seconds(12), {2});
    watchdog.feed(first_look + seconds(12));
    EXPECT_EQ(told_.size(), 2u);
}

TEST_F(WatchdogTest, IsSilentForEverOnceControlHasFailed) {
    Watchdog watchdog = this->watchdog(seconds(4));
    vitals_.fail("no memory");
    watchdog.feed(first_look);
    EXPECT_TRUE(told_.empty());
}

TEST(WatchdogTimeout, IsForOneProcess) {
    EXPECT_EQ(watchdog_timeout("30000000", nullptr, 7), std::chrono::microseconds(30'000'000));
    EXPECT_EQ(watchdog_timeout("30000000", "7", 7), std::chrono::microseconds(30'000'000));
    EXPECT_EQ(watchdog_timeout("30000000", "8", 7), std::nullopt);
    EXPECT_EQ(watchdog_timeout(nullptr, "7", 7), std::nullopt);
    for (const char* text : {"", "0", "-1", "30s", "99999999999999999999999"})
        EXPECT_EQ(watchdog_timeout(text, nullptr, 7), std::nullopt) << text;
}

}  // namespace
}  // namespace rstwatch::control
