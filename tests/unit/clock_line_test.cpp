// SPDX-License-Identifier: Apache-2.0
#include "dataplane/clock_line.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace rstwatch {
namespace {

ClockLine line_of(std::uint64_t number) {
    return {number, static_cast<std::int64_t>(number * 3), number * 7};
}

TEST(SharedClockLine, IsReadWholeOrNotAtAll) {
    constexpr std::uint64_t lines = 200'000;
    SharedClockLine shared;
    std::thread writer([&] {
        for (std::uint64_t i = 1; i <= lines; ++i) shared.publish(line_of(i));
    });
    std::uint64_t version = 0;
    ClockLine line;
    while (line.ticks < lines) {
        const std::uint64_t before = line.ticks;
        shared.update(version, line);
        ASSERT_EQ(line.nanoseconds, static_cast<std::int64_t>(line.ticks * 3));
        ASSERT_EQ(line.rate, line.ticks * 7);
        ASSERT_GE(line.ticks, before);
    }
    writer.join();
}

TEST(SharedClockLine, StaysAsItIsUntilThereIsANewerOne) {
    SharedClockLine shared;
    shared.publish(line_of(5));
    std::uint64_t version = 0;
    ClockLine line;
    shared.update(version, line);
    EXPECT_EQ(line.ticks, 5U);
    line.ticks = 6;
    shared.update(version, line);
    EXPECT_EQ(line.ticks, 6U);
}

TEST(ClockLine, ReachesOverYearsOfTicksAndBeforeItsBeginning) {
    const ClockLine line{1'000'000'000'000, 1'700'000'000'000'000'000,
                         std::uint64_t{1} << (ClockLine::fraction_bits - 1)};
    EXPECT_EQ(line.at(line.ticks + 2'000'000'000'000'000'000), line.nanoseconds + 1'000'000'000'000'000'000);
    EXPECT_EQ(line.at(line.ticks - 1000), line.nanoseconds - 500);
}

}  // namespace
}  // namespace rstwatch
