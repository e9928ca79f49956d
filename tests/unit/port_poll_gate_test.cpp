// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/poll_gate.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>
#include <vector>

namespace rstwatch::port {
namespace {

TEST(PollGate, LetsEveryCoreInUntilItIsShut) {
    PollGate gate;
    EXPECT_TRUE(gate.lets_in(0));
    EXPECT_TRUE(gate.lets_in(63));
    EXPECT_FALSE(gate.shut_now());
    gate.shut();
    EXPECT_TRUE(gate.shut_now());
    EXPECT_FALSE(gate.lets_in(0));
}

TEST(PollGate, IsParkedOnceEveryCoreHasAsked) {
    PollGate gate;
    gate.shut();
    EXPECT_FALSE(gate.parked(2));
    EXPECT_FALSE(gate.lets_in(0));
    EXPECT_FALSE(gate.parked(2));
    EXPECT_TRUE(gate.parked(1));
    EXPECT_FALSE(gate.lets_in(1));
    EXPECT_TRUE(gate.parked(2));
}

TEST(PollGate, TakesNoEarlierRoundForThisOne) {
    PollGate gate;
    gate.shut();
    EXPECT_FALSE(gate.lets_in(0));
    ASSERT_TRUE(gate.parked(1));
    gate.open();
    EXPECT_TRUE(gate.lets_in(0));
    gate.shut();
    EXPECT_FALSE(gate.parked(1));
}

/// What the gate guards is written while it is shut and read while it is open, by plain loads and stores: a thread
/// sanitizer sees every poll that is let in too early or parked too late.
TEST(PollGate, KeepsPollsAndChangesApart) {
    constexpr unsigned cores = 2, rounds = 50;
    PollGate gate;
    std::array<std::uint64_t, 2> device{};  // both alike whenever the gate is open
    std::atomic<bool> stop{false};
    std::array<bool, cores> torn{};
    std::vector<std::thread> pollers;
    for (unsigned core = 0; core < cores; ++core)
        pollers.emplace_back([&, core] {
            while (!stop.load(std::memory_order_relaxed)) {
                if (gate.lets_in(core) && device[0] != device[1]) torn[core] = true;
                std::this_thread::yield();
            }
        });
    for (unsigned round = 1; round <= rounds; ++round) {
        gate.shut();
        while (!gate.parked(cores)) std::this_thread::yield();
        device[0] = round;
        std::this_thread::yield();
        device[1] = round;
        gate.open();
    }
    stop.store(true, std::memory_order_relaxed);
    for (std::thread& each : pollers) each.join();
    EXPECT_FALSE(torn[0]);
    EXPECT_FALSE(torn[1]);
}

}  // namespace
}  // namespace rstwatch::port
