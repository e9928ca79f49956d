// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace rstwatch::control {

/// A mutex that those who wait get in the order in which they came. Whoever holds a std::mutex for most of the time,
/// and takes it again at once, never lets anybody in.
class FairMutex {
  public:
    void lock() {
        std::unique_lock guard(guard_);
        const std::uint64_t turn = next_++;
        turn_changed_.wait(guard, [&] { return now_ == turn; });
    }

    void unlock() {
        {
            const std::lock_guard guard(guard_);
            ++now_;
        }
        turn_changed_.notify_all();
    }

    /// Of whoever holds it: those who wait by now go first, if there are any.
    void let_others_pass() {
        if (!is_wanted()) return;
        unlock();
        lock();
    }

  private:
    bool is_wanted() {
        const std::lock_guard guard(guard_);
        return next_ > now_ + 1;
    }

    std::mutex guard_;  // of the two numbers
    std::condition_variable turn_changed_;
    std::uint64_t next_ = 0;  // the turn of who comes next
    std::uint64_t now_ = 0;   // whose turn it is
};

}  // namespace rstwatch::control
