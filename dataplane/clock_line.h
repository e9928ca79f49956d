// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

#include "dataplane/tally/time.h"

namespace rstwatch {

/// Packet time as a straight line over the ticks of a counter.
struct ClockLine {
    static constexpr unsigned fraction_bits = 40;

    std::uint64_t ticks = 0;       ///< where the line begins
    std::int64_t nanoseconds = 0;  ///< packet time there, since the epoch
    std::uint64_t rate = 0;        ///< nanoseconds per tick, fixed point

    /// Nanoseconds since the epoch. Ticks before the beginning are of a CPU whose counter is a little behind.
    std::int64_t at(std::uint64_t tick) const {
        __extension__ using Wide = __int128;
        const auto passed = static_cast<std::int64_t>(tick - ticks);
        return nanoseconds + static_cast<std::int64_t>((static_cast<Wide>(passed) * rate) >> fraction_bits);
    }
};

/// The line that all cores follow: one thread writes, any number read. A reader never waits: while a line is being
/// written it goes on with the one it has. A sequence lock (Boehm 2012, "Can seqlocks get along with programming
/// language memory models?"), with acquiring loads and releasing stores in place of fences.
class alignas(64) SharedClockLine {
  public:
    /// One thread.
    void publish(const ClockLine& line) {
        const std::uint64_t version = version_.load(std::memory_order_relaxed);
        version_.store(version + 1, std::memory_order_relaxed);
        // release: whoever sees any of these sees the odd version, too.
        ticks_.store(line.ticks, std::memory_order_release);
        nanoseconds_.store(line.nanoseconds, std::memory_order_release);
        rate_.store(line.rate, std::memory_order_release);
        // release: whoever sees this version sees the whole line.
        version_.store(version + 2, std::memory_order_release);
    }

    /// Takes over a line that is newer than `version`, if it can be had now.
    void update(std::uint64_t& version, ClockLine& line) const {
        if (version_.load(std::memory_order_relaxed) == version) return;
        const std::uint64_t before = version_.load(std::memory_order_acquire);
        if (before % 2 == 1) return;
        // acquire: the version is read again after these.
        const ClockLine read{ticks_.load(std::memory_order_acquire), nanoseconds_.load(std::memory_order_acquire),
                             rate_.load(std::memory_order_acquire)};
        if (version_.load(std::memory_order_relaxed) != before) return;
        line = read;
        version = before;
    }

  private:
    // Control: wo, once a second; cores: ro, the version once per poll.
    std::atomic<std::uint64_t> version_{0};  // odd while a line is being written
    std::atomic<std::uint64_t> ticks_{0};
    std::atomic<std::int64_t> nanoseconds_{0};
    std::atomic<std::uint64_t> rate_{0};
};

}  // namespace rstwatch
