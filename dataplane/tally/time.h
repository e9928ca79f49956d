// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace rstwatch::tally {

/// Packet time in microseconds since the Unix epoch. Verdicts, deadlines and intervals know no other clock.
using Time = std::uint64_t;

inline constexpr Time microsecond = 1;
inline constexpr Time second = 1'000'000;

/// Number of a counting interval: interval k covers [k, k + 1) seconds of packet time.
using Interval = std::uint64_t;

inline constexpr Time interval_length = second;

constexpr Interval interval_of(Time time) {
    return time / interval_length;
}
constexpr Time interval_start(Interval interval) {
    return interval * interval_length;
}

/// The interval into which a deadline is counted: a deadline exactly on a boundary is due before the interval opens
/// that starts there, hence belongs to the one before.
constexpr Interval interval_of_deadline(Time deadline) {
    return deadline == 0 ? 0 : (deadline - 1) / interval_length;
}

}  // namespace rstwatch::tally
