// SPDX-License-Identifier: Apache-2.0
#include "control/busy_share.h"

#include <gtest/gtest.h>

namespace rstwatch::control {
namespace {

constexpr std::uint64_t second = 1'000'000;

TEST(BusyShare, IsNotKnownBeforeTimeHasPassed) {
    BusyShare share;
    EXPECT_EQ(share.add(0, 0), std::nullopt);
    EXPECT_EQ(share.add(0, 0), std::nullopt);
    EXPECT_EQ(share.add(second / 4, second), 0.25);
}

TEST(BusyShare, IsThatOfTheLastTenSeconds) {
    BusyShare share;
    for (std::uint64_t i = 0; i <= 100; ++i) (void)share.add(0, i * second);
    EXPECT_EQ(share.add(second, 101 * second), 0.1);
    for (std::uint64_t i = 102; i < 111; ++i) EXPECT_EQ(share.add(second, i * second), 0.1) << i;
    EXPECT_EQ(share.add(second, 111 * second), 0.0) << "the busy second is more than ten seconds ago";
}

TEST(BusyShare, ReachesFromTheLastSampleThatIsOldEnough) {
    BusyShare share;
    (void)share.add(0, 0);
    EXPECT_EQ(share.add(30 * second, 60 * second), 0.5);
    EXPECT_EQ(share.add(30 * second, 120 * second), 0.0);
}

TEST(BusyShare, ACoreThatStandsStillKeepsItsLastShare) {
    BusyShare share;
    (void)share.add(0, 0);
    (void)share.add(second, 2 * second);
    EXPECT_EQ(share.add(second, 2 * second), 0.5);
}

}  // namespace
}  // namespace rstwatch::control
