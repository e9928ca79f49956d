// SPDX-License-Identifier: Apache-2.0
#include "control/classify/attempt_map.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace rstwatch::control {
namespace {

Attempt attempt(std::uint32_t number) {
    Attempt attempt;
    attempt.client.port = static_cast<std::uint16_t>(number);
    attempt.client.address.bytes[0] = static_cast<std::uint8_t>(number >> 16);
    attempt.server.port = 80;
    return attempt;
}

TEST(AttemptMap, DoesAsAnOrderedMapDoes) {
    std::mt19937 random(1);
    AttemptMap<std::uint32_t> map(3000);
    std::map<Attempt, std::uint32_t> expected;
    for (std::uint32_t step = 0; step < 200'000; ++step) {
        const Attempt who = attempt(random() % 4000);
        // Grows and shrinks by turns, so that places are taken, left and taken again.
        if (random() % 10 < (step / 10'000 % 2 == 0 ? 6U : 4U)) {
            if (expected.size() < 3000 || expected.contains(who)) expected[who] = step;
            map.put(who, step, 0);
        } else {
            expected.erase(who);
            map.erase(who);
        }
        ASSERT_EQ(map.size(), expected.size());
        const auto known = expected.find(who);
        const std::uint32_t* found = map.find(who);
        ASSERT_EQ(found != nullptr, known != expected.end());
        if (found != nullptr) {
            ASSERT_EQ(*found, known->second);
        }
    }
    for (std::uint32_t number = 0; number < 4000; ++number)
        ASSERT_EQ(map.find(attempt(number)) != nullptr, expected.contains(attempt(number)));
}

TEST(AttemptMap, IsEmptyAtFirst) {
    AttemptMap<int> map(4);
    EXPECT_TRUE(map.empty());
    EXPECT_EQ(map.find(attempt(1)), nullptr);
    map.erase(attempt(1));
    EXPECT_EQ(map.size(), 0U);
}

TEST(AttemptMap, CountsWhoFindsNoRoom) {
    AttemptMap<int> map(4);
    for (std::uint32_t number = 0; number < 4; ++number) EXPECT_TRUE(map.put(attempt(number), 1, 1000));
    EXPECT_FALSE(map.put(attempt(4), 1, 1000));
    EXPECT_EQ(map.overflowed(), 1U);
    EXPECT_EQ(map.size(), 4U);
    EXPECT_TRUE(map.put(attempt(3), 2, 1000)) << "is known already";
    EXPECT_EQ(*map.find(attempt(3)), 2);
    map.erase(attempt(0));
    EXPECT_TRUE(map.put(attempt(4), 1, 1000));
    EXPECT_EQ(map.overflowed(), 1U);
}

TEST(AttemptMap, WhatHasWaitedForTenMinutesGivesWay) {
    AttemptMap<int> map(4);
    for (std::uint32_t number = 0; number < 4; ++number) map.put(attempt(number), 1, 1000 + number);
    EXPECT_FALSE(map.put(attempt(4), 1, 1540));
    EXPECT_TRUE(map.put(attempt(4), 1, 1602));
    EXPECT_EQ(map.size(), 3U);
    EXPECT_EQ(map.find(attempt(0)), nullptr);
    EXPECT_EQ(map.find(attempt(1)), nullptr);
    EXPECT_NE(map.find(attempt(2)), nullptr);
    EXPECT_NE(map.find(attempt(3)), nullptr);
}

}  // namespace
}  // namespace rstwatch::control
