// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace rstwatch::port {

/// Lets the main thread take a port away from the cores that poll it, and give it back, at the price of one load per
/// poll. What the main thread does to the port between parked() and open() no core sees half done.
class PollGate {
  public:
    static constexpr unsigned most_cores = 64;

    /// Core: whether it may poll now. A core that may not has said so when this returns, and keeps away until asked
    /// again.
    bool lets_in(unsigned core) {
        // acquire: whoever is let in again sees the device that has been put behind the gate.
        const std::uint32_t round = round_.load(std::memory_order_acquire);
        if (!is_shut(round)) [[likely]]
            return true;
        // release: this core's last poll happened before parked() can be true.
        parked_in_[core].store(round, std::memory_order_release);
        return false;
    }

    /// Main thread, at an open gate.
    void shut() { round_.store(round_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }

    /// Main thread, at a shut gate: none of cores 0 to `cores` - 1 polls the port any more. A core that noted an
    /// earlier round late does not count: rounds are never used again.
    bool parked(unsigned cores) const {
        const std::uint32_t round = round_.load(std::memory_order_relaxed);
        for (unsigned core = 0; core < cores; ++core)
            if (parked_in_[core].load(std::memory_order_acquire) != round) return false;
        return true;
    }

    /// Main thread, at a shut gate.
    void open() {
        // release: the device is complete for whoever is let in.
        round_.store(round_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    }

    /// Main thread.
    bool shut_now() const { return is_shut(round_.load(std::memory_order_relaxed)); }

  private:
    static bool is_shut(std::uint32_t round) { return round % 2 == 1; }

    std::atomic<std::uint32_t> round_{0};                             // main: wo, cores: ro; odd: shut
    std::array<std::atomic<std::uint32_t>, most_cores> parked_in_{};  // its core: wo, main: ro
};

}  // namespace rstwatch::port
