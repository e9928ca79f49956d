// SPDX-License-Identifier: Apache-2.0
#include "dataplane/clock_discipline.h"

#include <gtest/gtest.h>

#include "tests/unit/fake_machine.h"

namespace rstwatch {
namespace {

using test::DisciplinedMachine;
using test::second;

constexpr double millisecond = 1000;  // of packet time

TEST(ClockDiscipline, BeginsAsTheWallClock) {
    DisciplinedMachine machine;
    EXPECT_NEAR(machine.ahead(), 0, 1);
    EXPECT_EQ(machine.discipline.status().wall_offset, 0);
}

// DPDK rounds a frequency that it has to estimate to 10 MHz: up to 0.2 % wrong, seven seconds an hour.
TEST(ClockDiscipline, MeasuresHowLongATickTakes) {
    DisciplinedMachine machine(2.6e9);
    machine.machine.frequency = 2.5953e9;
    machine.pass(3);
    EXPECT_NEAR(machine.discipline.status().ticks_per_second, 2.5953e9, 3e3);
    machine.pass(600);
    EXPECT_NEAR(machine.ahead(), 0, 10);
}

TEST(ClockDiscipline, FollowsACounterWhoseFrequencyDrifts) {
    DisciplinedMachine machine;
    for (int minute = 0; minute < 120; ++minute) {
        machine.machine.frequency *= 1 + 1e-6;
        machine.pass(60, 0.1);
        ASSERT_NEAR(machine.ahead(), 0, 100) << minute;
    }
    EXPECT_EQ(machine.discipline.status().steps, 0U);
}

TEST(ClockDiscipline, PacketTimeNeverStepsAndIsSlewedBy500PpmAtMost) {
    DisciplinedMachine machine;
    machine.pass(5);
    machine.machine.set_wall_clock(0.1);  // too little to be a step
    double before = static_cast<double>(machine.core.now());
    for (int i = 0; i < 100'000; ++i) {
        machine.pass(0.01);
        const auto now = static_cast<double>(machine.core.now());
        ASSERT_NEAR(now - before, 10 * millisecond, 10 * millisecond * 501e-6 + 1);
        before = now;
    }
    EXPECT_NEAR(machine.ahead(), 0, 0.1 * millisecond) << "slewed away after a thousand seconds";
    EXPECT_EQ(machine.discipline.status().steps, 0U);
}

TEST(ClockDiscipline, TakesAsLongAs500PpmTakes) {
    DisciplinedMachine machine;
    machine.pass(5);
    machine.machine.set_wall_clock(-0.12);
    machine.pass(100);
    EXPECT_NEAR(machine.ahead(), (0.12 - 99 * 500e-6) * 1000 * millisecond, 1 * millisecond);
    EXPECT_NEAR(machine.discipline.status().slewed_per_million, -500, 0.001);
}

class WallClockIsSet : public testing::TestWithParam<double> {};

TEST_P(WallClockIsSet, PacketTimeGoesOnAndTheStepIsCounted) {
    const double by = GetParam();
    DisciplinedMachine machine;
    machine.pass(10);
    machine.machine.set_wall_clock(by);
    const auto at = machine.core.now();
    machine.pass(1000);
    EXPECT_NEAR(static_cast<double>(machine.core.now() - at), 1e9, 10);
    const tally::ClockStatus& status = machine.discipline.status();
    EXPECT_EQ(status.steps, 1U);
    EXPECT_NEAR(static_cast<double>(status.last_step), by * 1e6, 1);
    EXPECT_NEAR(static_cast<double>(status.wall_offset), by * 1e6, 10);
    EXPECT_NEAR(static_cast<double>(status.last_step_at), static_cast<double>(at), 1.01e6);
    EXPECT_EQ(status.tick_jumps, 0U);
}

INSTANTIATE_TEST_SUITE_P(By, WallClockIsSet, testing::Values(3600., -3600., 1e9, -1e9, 1., -1., 0.129, -0.129));

TEST(ClockDiscipline, AStepThatIsTakenBackLeavesNothing) {
    DisciplinedMachine machine;
    machine.pass(10);
    machine.machine.set_wall_clock(3600);
    machine.pass(10);
    machine.machine.set_wall_clock(-3600);
    machine.pass(10);
    EXPECT_EQ(machine.discipline.status().steps, 2U);
    EXPECT_NEAR(static_cast<double>(machine.discipline.status().wall_offset), 0, 5);
    EXPECT_NEAR(machine.ahead(), 0, 5);
}

TEST(ClockDiscipline, StillFollowsTheWallClockAfterAStep) {
    DisciplinedMachine machine;
    machine.machine.set_wall_clock(3600);
    machine.pass(10);
    machine.machine.set_wall_clock(0.05);
    machine.pass(1000);
    EXPECT_NEAR(static_cast<double>(machine.discipline.status().wall_offset), 3600e6, 100);
}

TEST(ClockDiscipline, AnHourInWhichNobodyHadTimeForIt) {
    DisciplinedMachine machine;
    machine.machine.frequency = 2.5953e9;
    machine.pass(10);
    machine.machine.pass(3600);
    machine.pass(600);
    EXPECT_NEAR(machine.ahead(), 0, 100);
}

TEST(ClockDiscipline, ACounterThatBeginsAnewNeitherStopsTimeNorTurnsItBack) {
    DisciplinedMachine machine;
    machine.pass(10);
    const auto at = machine.core.now();
    machine.machine.ticks = 0;
    machine.pass(10);
    EXPECT_NEAR(static_cast<double>(machine.core.now() - at), 10e6, 10);
    EXPECT_EQ(machine.discipline.status().tick_jumps, 1U);
    EXPECT_EQ(machine.discipline.status().steps, 0U);
}

TEST(ClockDiscipline, ACounterThatLeapsAheadTakesPacketTimeAlongOnce) {
    DisciplinedMachine machine;
    machine.pass(10);
    machine.machine.ticks += 60 * machine.machine.frequency;
    machine.pass(10);
    const auto at = machine.core.now();
    EXPECT_NEAR(static_cast<double>(machine.discipline.status().wall_offset), -60e6, 10);
    machine.pass(100);
    EXPECT_NEAR(static_cast<double>(machine.core.now() - at), 100e6, 100);
    EXPECT_EQ(machine.discipline.status().tick_jumps, 1U);
}

TEST(ClockDiscipline, TheSameMomentTwiceChangesNothing) {
    DisciplinedMachine machine;
    machine.pass(10);
    machine.discipline.follow(machine.machine.sample());
    machine.discipline.follow(machine.machine.sample());
    machine.pass(10);
    EXPECT_NEAR(machine.ahead(), 0, 5);
    EXPECT_EQ(machine.discipline.status().tick_jumps, 0U);
}

}  // namespace
}  // namespace rstwatch
