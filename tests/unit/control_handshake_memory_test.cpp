// SPDX-License-Identifier: Apache-2.0
#include "control/classify/handshake_memory.h"

#include <gtest/gtest.h>

#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

using test::address;
using test::endpoint;

TEST(HandshakeMemory, RemembersTheLastOfEachPair) {
    HandshakeMemory memory(1024);
    EXPECT_EQ(memory.last(address(1), endpoint(9, 80)), std::nullopt);
    memory.remember(address(1), endpoint(9, 80), 5);
    memory.remember(address(1), endpoint(9, 80), 7);
    memory.remember(address(2), endpoint(9, 80), 6);
    EXPECT_EQ(memory.last(address(1), endpoint(9, 80)), 7u);
    EXPECT_EQ(memory.last(address(2), endpoint(9, 80)), 6u);
    EXPECT_EQ(memory.last(address(1), endpoint(9, 81)), std::nullopt);
    EXPECT_EQ(memory.last(address(1), endpoint(8, 80)), std::nullopt);
    EXPECT_EQ(memory.last(address(9), endpoint(1, 80)), std::nullopt);
}

TEST(HandshakeMemory, TheOldestGiveWay) {
    HandshakeMemory memory(1);
    for (std::uint32_t client = 1; client <= 5; ++client) memory.remember(address(client), endpoint(9, 80), client);
    EXPECT_EQ(memory.last(address(1), endpoint(9, 80)), std::nullopt);
    for (std::uint32_t client = 2; client <= 5; ++client)
        EXPECT_EQ(memory.last(address(client), endpoint(9, 80)), client);
}

}  // namespace
}  // namespace rstwatch::control
