// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>

#include "dataplane/clock_discipline.h"
#include "dataplane/live_clock.h"

namespace rstwatch::test {

constexpr std::int64_t second = 1'000'000'000;  // nanoseconds

/// A machine whose clocks do as a test says: a counter with a frequency of its own, and a wall clock that can be set.
struct FakeMachine {
    std::int64_t monotonic = 5000 * second;  ///< as it really is
    std::int64_t wall_ahead = 1'700'000'000 * second;
    double ticks = 1e15;
    double frequency = 2.6e9;

    void pass(double seconds) {
        monotonic += std::llround(seconds * 1e9);
        ticks += seconds * frequency;
    }
    void set_wall_clock(double seconds) { wall_ahead += std::llround(seconds * 1e9); }

    std::int64_t wall() const { return monotonic + wall_ahead; }
    std::uint64_t counter() const { return static_cast<std::uint64_t>(ticks); }
    ClockSample sample() const { return {counter(), monotonic, wall()}; }
};

struct FakeTicks {
    const FakeMachine* machine;
    std::uint64_t operator()() const { return machine->counter(); }
};

/// A machine, what disciplines its packet time once a second, and a core that reads it.
struct DisciplinedMachine {
    explicit DisciplinedMachine(double nominal_frequency = 2.6e9) : discipline(machine.sample(), nominal_frequency) {
        shared.publish(discipline.line());
    }

    /// The core polls after each step; packet time must never go back, nor run more than 600 ppm off the real pace once
    /// the counter's frequency has been measured.
    void pass(double seconds, double step = 0.01) {
        for (double passed = 0; passed < seconds - 1e-9; passed += step) {
            machine.pass(step);
            housekeep(step);
        }
    }
    void housekeep(double step) {
        since_discipline += step;
        if (since_discipline < 1 - 1e-9) return;
        since_discipline = 0;
        discipline.follow(machine.sample());
        shared.publish(discipline.line());
    }
    /// Microseconds of packet time ahead of the wall clock.
    double ahead() { return static_cast<double>(static_cast<std::int64_t>(core.now()) - machine.wall() / 1000); }

    FakeMachine machine;
    ClockDiscipline discipline;
    SharedClockLine shared;
    LiveClock<FakeTicks> core{&shared, FakeTicks{&machine}};
    double since_discipline = 0;
};

}  // namespace rstwatch::test
