// SPDX-License-Identifier: Apache-2.0
#include "control/classify/hop_baselines.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <tuple>

#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

using test::address;

constexpr tally::Interval hour = 3600;

TEST(HopBaselines, KnowNothingOfWhomTheyHaveNotSeen) {
    HopBaselines baselines(8);
    EXPECT_TRUE(baselines.empty());
    EXPECT_FALSE(baselines.is_elsewhere(address(1), 0, 5));
    baselines.learn(address(1), 3, 5);
    EXPECT_FALSE(baselines.is_elsewhere(address(2), 0, 5));
}

TEST(HopBaselines, TellWhatIsElsewhereFromTheIntervalOn) {
    HopBaselines baselines(8);
    baselines.learn(address(1), 3, 50);
    EXPECT_FALSE(baselines.is_elsewhere(address(1), 3, 50));
    EXPECT_TRUE(baselines.is_elsewhere(address(1), 2, 50));
    EXPECT_FALSE(baselines.is_elsewhere(address(1), 2, 49)) << "then nothing was known yet";
}

TEST(HopBaselines, ADistanceLearntLaterDoesNotChangeThePast) {
    HopBaselines baselines(8);
    baselines.learn(address(1), 3, 50);
    ASSERT_TRUE(baselines.is_elsewhere(address(1), 2, 60));
    baselines.learn(address(1), 2, 61);
    EXPECT_TRUE(baselines.is_elsewhere(address(1), 2, 60));
    EXPECT_FALSE(baselines.is_elsewhere(address(1), 2, 61));
}

TEST(HopBaselines, AServerWithMoreThanFourIsToldByNone) {
    HopBaselines baselines(8);
    for (std::uint8_t hops = 0; hops < 4; ++hops) baselines.learn(address(1), hops, 50);
    EXPECT_TRUE(baselines.is_elsewhere(address(1), 9, 51));
    baselines.learn(address(1), 8, 52);
    EXPECT_TRUE(baselines.is_elsewhere(address(1), 9, 51));
    EXPECT_FALSE(baselines.is_elsewhere(address(1), 9, 52));
    EXPECT_FALSE(baselines.is_elsewhere(address(1), 9, 100 * hour)) << "from then on";
}

TEST(HopBaselines, WhatWasNotSeenForLongIsNoLongerKnown) {
    HopBaselines baselines(8);
    baselines.learn(address(1), 3, 0);
    baselines.learn(address(1), 5, 3 * hour);
    EXPECT_FALSE(baselines.is_elsewhere(address(1), 3, hour / 2));
    EXPECT_TRUE(baselines.is_elsewhere(address(1), 3, 3 * hour));
    baselines.learn(address(1), 3, 3 * hour + 1);
    EXPECT_TRUE(baselines.is_elsewhere(address(1), 3, 3 * hour));
    EXPECT_FALSE(baselines.is_elsewhere(address(1), 3, 3 * hour + 1));
    for (std::uint8_t hops = 10; hops < 30; ++hops) baselines.learn(address(1), hops, hops * hour);
    EXPECT_TRUE(baselines.is_elsewhere(address(1), 1, 30 * hour - 1)) << "one after the other is not many";
}

TEST(HopBaselines, AnswersStayTheSameAndKnowNoOrderWithinAnInterval) {
    std::mt19937 random(11);
    for (int round = 0; round < 50; ++round) {
        HopBaselines one(16), other(16);
        std::map<std::tuple<std::uint32_t, std::uint8_t, tally::Interval>, bool> answers;
        tally::Interval interval = 1000;
        for (int step = 0; step < 300; ++step) {
            interval += 1 + (random() % 20 == 0 ? random() % (2 * hour) : random() % 5);
            std::vector<std::pair<std::uint32_t, std::uint8_t>> seen;
            for (std::uint32_t i = random() % 6; i > 0; --i)
                seen.emplace_back(random() % 6, static_cast<std::uint8_t>(random() % 7));
            for (const auto& [server, hops] : seen) one.learn(address(server), hops, interval);
            std::ranges::shuffle(seen, random);
            for (const auto& [server, hops] : seen) other.learn(address(server), hops, interval);
            const auto server = static_cast<std::uint32_t>(random() % 6);
            const auto hops = static_cast<std::uint8_t>(random() % 7);
            const bool answer = one.is_elsewhere(address(server), hops, interval);
            EXPECT_EQ(other.is_elsewhere(address(server), hops, interval), answer);
            EXPECT_FALSE(answer && one.is_familiar(address(server), hops, interval));
            answers[{server, hops, interval}] = answer;
            for (const auto& [asked, said] : answers) {
                const auto& [of, at, in] = asked;
                if (in + 300 < interval) continue;
                EXPECT_EQ(one.is_elsewhere(address(of), at, in), said) << "asked again " << interval - in << " s later";
            }
        }
    }
}

TEST(HopBaselines, AreBoundedAndTakeNewServersWhenOldOnesAreGone) {
    HopBaselines baselines(100);
    for (std::uint32_t server = 0; server < 150; ++server) baselines.learn(address(server), 3, 50);
    EXPECT_EQ(baselines.size(), 100u);
    EXPECT_EQ(baselines.overflowed(), 50u);
    EXPECT_TRUE(baselines.is_elsewhere(address(99), 2, 50));
    EXPECT_FALSE(baselines.is_elsewhere(address(100), 2, 50));
    for (std::uint32_t server = 0; server < 10; ++server) baselines.learn(address(server), 3, 2 * hour);
    for (std::uint32_t server = 200; server < 250; ++server) baselines.learn(address(server), 3, 2 * hour + 1);
    EXPECT_EQ(baselines.size(), 60u);
    EXPECT_TRUE(baselines.is_elsewhere(address(249), 2, 2 * hour + 1));
    EXPECT_TRUE(baselines.is_elsewhere(address(9), 2, 2 * hour + 1));
    EXPECT_FALSE(baselines.is_elsewhere(address(99), 2, 2 * hour + 1));
}

}  // namespace
}  // namespace rstwatch::control
