// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tally/poll_account.h"

#include <gtest/gtest.h>

namespace rstwatch::tally {
namespace {

class PollAccountTest : public testing::Test {
  protected:
    /// A round at `now` that polls one queue.
    void round(Time now, std::size_t packets) {
        account_.begin(now);
        account_.polled(packets);
    }

    CoreStatus status_;
    PollAccount account_{status_};
};

TEST_F(PollAccountTest, ARoundIsBusyIfItBroughtPackets) {
    round(1'000, 5);
    round(1'010, 0);
    round(1'210, 1);
    round(1'213, 0);
    account_.publish();
    EXPECT_EQ(status_.elapsed, 213u);
    EXPECT_EQ(status_.busy, 13u) << "the 200 us after nothing came were slept";
    EXPECT_EQ(status_.polls, 4u);
}

TEST_F(PollAccountTest, WhatOthersPassOnIsWork) {
    round(1'000, 0);
    account_.forwarded(3);
    EXPECT_TRUE(account_.brought());
    round(1'004, 0);
    account_.forwarded(0);
    EXPECT_FALSE(account_.brought());
    account_.publish();
    EXPECT_EQ(status_.busy, 4u);
    EXPECT_EQ(status_.burst_sizes[0], 2u) << "and no burst of a queue";
}

TEST_F(PollAccountTest, TellsBurstsByTheirSize) {
    const std::size_t sizes[] = {0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64};
    for (const std::size_t size : sizes) round(1'000, size);
    account_.publish();
    const std::uint64_t expected[] = {1, 1, 2, 2, 2, 2, 2, 1};
    for (std::size_t i = 0; i < burst_size_count; ++i) EXPECT_EQ(status_.burst_sizes[i], expected[i]) << i;
    for (std::size_t i = 0; i + 1 < burst_size_count; ++i) {
        EXPECT_EQ(burst_size_index(largest_burst(i)), i);
        EXPECT_EQ(burst_size_index(largest_burst(i) + 1), i + 1);
    }
}

TEST_F(PollAccountTest, OthersReadNothingBeforeItIsPublished) {
    round(1'000, 1);
    round(2'000, 1);
    EXPECT_EQ(status_.polls, 0u);
    EXPECT_EQ(status_.busy, 0u);
}

TEST_F(PollAccountTest, AClockThatGoesBackTakesNothingAway) {
    round(5'000, 1);
    round(4'000, 1);
    round(4'010, 0);
    account_.publish();
    EXPECT_EQ(status_.elapsed, 10u);
    EXPECT_EQ(status_.busy, 10u);
}

}  // namespace
}  // namespace rstwatch::tally
