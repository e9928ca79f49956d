// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace rstwatch::tally {

/// On which the cores of a replay tell control that something was handed over, so that control sleeps until then: a
/// thread that polls takes CPU time from a core that could use it. Live cores have none: once a second is not worth a
/// lock to them.
class Doorbell {
  public:
    void ring() {
        {
            const std::lock_guard lock(mutex_);
            ++rings_;
        }
        rung_.notify_one();
    }

    std::uint32_t rings() const {
        const std::lock_guard lock(mutex_);
        return rings_;
    }

    /// Sleeps until it has rung more often than `seen`, or for as long as `most`.
    void wait(std::uint32_t seen, std::chrono::milliseconds most) {
        std::unique_lock lock(mutex_);
        rung_.wait_for(lock, most, [&] { return rings_ != seen; });
    }

  private:
    mutable std::mutex mutex_;
    std::condition_variable rung_;
    std::uint32_t rings_ = 0;
};

}  // namespace rstwatch::tally
