// SPDX-License-Identifier: Apache-2.0
#include "control/port_watch.h"

#include <gtest/gtest.h>

namespace rstwatch::control {
namespace {

class PortWatchTest : public testing::Test {
  protected:
    /// What is known of two ports at a second, when they have received so much.
    std::vector<PortActivity> at(tally::Time second, std::uint64_t first, std::uint64_t other) {
        std::vector<tally::PortStatus> ports(2);
        ports[0].received = first;
        ports[1].received = other;
        return watch_.follow(ports, second * tally::second);
    }

    PortWatch watch_{30};
};

TEST_F(PortWatchTest, APortFallsSilentAfterItsTime) {
    (void)at(100, 5, 0);
    EXPECT_FALSE(at(129, 5, 0)[0].silent);
    EXPECT_TRUE(at(130, 5, 0)[0].silent);
    EXPECT_EQ(at(131, 5, 0)[0].last_packet, 100 * tally::second);
}

TEST_F(PortWatchTest, AndIsHeardAgain) {
    (void)at(100, 5, 0);
    EXPECT_TRUE(at(200, 5, 0)[0].silent);
    const PortActivity activity = at(201, 6, 0)[0];
    EXPECT_FALSE(activity.silent);
    EXPECT_EQ(activity.last_packet, 201 * tally::second);
}

TEST_F(PortWatchTest, APortThatHasBroughtNothingHasNotFallenSilent) {
    (void)at(100, 5, 0);
    const PortActivity activity = at(1000, 6, 0)[1];
    EXPECT_FALSE(activity.silent);
    EXPECT_EQ(activity.last_packet, std::nullopt);
}

TEST_F(PortWatchTest, PortsAreSilentOneByOne) {
    (void)at(100, 5, 5);
    (void)at(120, 6, 5);
    const auto activity = at(131, 6, 5);
    EXPECT_FALSE(activity[0].silent);
    EXPECT_TRUE(activity[1].silent);
}

}  // namespace
}  // namespace rstwatch::control
