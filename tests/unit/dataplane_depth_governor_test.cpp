// SPDX-License-Identifier: Apache-2.0
#include "dataplane/depth_governor.h"

#include <gtest/gtest.h>

namespace rstwatch {
namespace {

using tally::Depth;
using tally::Time;

constexpr std::size_t burst = 32;

/// A core whose rounds take as long as it is told.
class Governed : public testing::Test {
  protected:
    /// Full bursts, each taking so many microseconds, until the core falls or these many have come. True: it fell.
    bool full_bursts(unsigned count, Time each) {
        for (unsigned i = 0; i < count; ++i) {
            governor_.note(burst, true, now_);
            now_ += each;
            if (!governor_.is_behind()) continue;
            governor_.fall(now_);
            return true;
        }
        return false;
    }

    /// Seconds with as many packets, in rounds of a millisecond; returns after how many of them full depth is back.
    unsigned seconds_until_return(unsigned packets_per_second, unsigned most) {
        for (unsigned second = 1; second <= most; ++second)
            for (unsigned round = 0; round < 1000; ++round) {
                now_ += 1000;
                governor_.note(packets_per_second / 1000, false, now_);
                if (governor_.may_return(now_)) return second;
            }
        return 0;
    }

    DepthGovernor governor_{2048};
    Time now_ = 1'700'000'000 * tally::second;
};

TEST_F(Governed, FallsWhenNoPollHasEmptiedItsQueueForTooLong) {
    EXPECT_FALSE(full_bursts(63, 5));
    EXPECT_EQ(governor_.depth(), Depth::full);
    EXPECT_TRUE(full_bursts(1, 5));
    EXPECT_EQ(governor_.depth(), Depth::control);
}

TEST_F(Governed, AShortBurstSaysThatTheQueueIsEmpty) {
    for (int i = 0; i < 10; ++i) {
        EXPECT_FALSE(full_bursts(63, 5));
        governor_.note(31, false, now_);
    }
    EXPECT_FALSE(full_bursts(63, 5));
}

TEST_F(Governed, StaysWhereTheDeviceSaysThatItsQueueIsEmpty) {
    EXPECT_FALSE(full_bursts(63, 5));
    governor_.stay();
    EXPECT_FALSE(full_bursts(63, 5));
}

TEST_F(Governed, ComesBackWhenFullDepthWouldBeIdleAgain) {
    ASSERT_TRUE(full_bursts(64, 32));                 // a packet takes a microsecond
    EXPECT_EQ(seconds_until_return(800'000, 5), 0U);  // that would take 0.8 of its time
    EXPECT_EQ(seconds_until_return(600'000, 5), 1U);
    EXPECT_EQ(governor_.depth(), Depth::full);
}

TEST_F(Governed, ComesBackWhenNothingComesAnyMore) {
    ASSERT_TRUE(full_bursts(64, 32));
    EXPECT_EQ(seconds_until_return(0, 5), 1U);
}

TEST_F(Governed, WaitsLongerEachTimeThatFullDepthDoesNotLast) {
    ASSERT_TRUE(full_bursts(64, 32));
    for (const unsigned seconds : {1U, 2U, 4U, 8U, 16U, 32U, 64U, 64U}) {
        EXPECT_EQ(seconds_until_return(1000, 100), seconds);
        ASSERT_TRUE(full_bursts(64, 32));
    }
    EXPECT_EQ(seconds_until_return(1000, 100), 64U);
    now_ += 10 * tally::second;
    ASSERT_TRUE(full_bursts(64, 32));
    EXPECT_EQ(seconds_until_return(1000, 100), 1U) << "it lasted this time";
}

TEST_F(Governed, ASecondOfTroubleBeginsTheWaitAnew) {
    ASSERT_TRUE(full_bursts(64, 32));
    EXPECT_EQ(seconds_until_return(0, 1), 1U);
    ASSERT_TRUE(full_bursts(64, 32));  // two calm seconds are needed now
    EXPECT_EQ(seconds_until_return(0, 1), 0U);
    EXPECT_EQ(seconds_until_return(900'000, 1), 0U);
    EXPECT_EQ(seconds_until_return(0, 5), 2U);
}

}  // namespace
}  // namespace rstwatch
