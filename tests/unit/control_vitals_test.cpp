// SPDX-License-Identifier: Apache-2.0
#include "control/vitals.h"

#include <gtest/gtest.h>

namespace rstwatch::control {
namespace {

using std::chrono::seconds;
using Sentences = std::vector<std::string>;

constexpr Vitals::Clock::time_point start{seconds(1000)};

TEST(Vitals, NothingIsExpectedBeforeTheFirstBeat) {
    const Vitals vitals;
    EXPECT_TRUE(vitals.what_stands_still(start + seconds(3600)).empty());
}

TEST(Vitals, ControlHasToBeat) {
    Vitals vitals;
    vitals.beat(start, {});
    EXPECT_TRUE(vitals.what_stands_still(start + seconds(9)).empty());
    const Sentences still = vitals.what_stands_still(start + seconds(12));
    ASSERT_EQ(still.size(), 1u);
    EXPECT_TRUE(still[0].starts_with("the control thread has not moved for 12 s")) << still[0];
    vitals.beat(start + seconds(13), {});
    EXPECT_TRUE(vitals.what_stands_still(start + seconds(13)).empty());
}

TEST(Vitals, EveryCoreHasToPoll) {
    Vitals vitals;
    for (unsigned i = 0; i <= 4; ++i) vitals.beat(start + seconds(i), {100 + i, 7});
    EXPECT_TRUE(vitals.what_stands_still(start + seconds(4)).empty());
    vitals.beat(start + seconds(6), {200, 7});
    EXPECT_EQ(vitals.what_stands_still(start + seconds(6)),
              Sentences{"RX core 1 has not polled its queues for 6 s: its packets are lost"});
    vitals.beat(start + seconds(7), {300, 8});
    EXPECT_TRUE(vitals.what_stands_still(start + seconds(7)).empty());
}

TEST(Vitals, CoresAreNotBlamedForControl) {
    Vitals vitals;
    vitals.beat(start, {1});
    EXPECT_EQ(vitals.what_stands_still(start + seconds(60)).size(), 1u)
        << "what the core did meanwhile nobody has looked at";
}

TEST(Vitals, WorkThatIsDoneNeedsNoBeat) {
    Vitals vitals;
    vitals.beat(start, {1});
    vitals.rest();
    EXPECT_TRUE(vitals.what_stands_still(start + seconds(3600)).empty());
}

TEST(Vitals, AFailureIsForGood) {
    Vitals vitals;
    vitals.beat(start, {1});
    vitals.fail("the control thread has failed: no memory");
    vitals.beat(start + seconds(1), {2});
    EXPECT_EQ(vitals.what_stands_still(start + seconds(1)), Sentences{"the control thread has failed: no memory"});
}

}  // namespace
}  // namespace rstwatch::control
