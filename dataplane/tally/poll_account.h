// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/tally/core_status.h"
#include "dataplane/tally/time.h"

namespace rstwatch::tally {

/// What the rounds of a live core's loop brought, and how much of its time they took. Kept in the core's own memory and
/// published now and then, so that a round costs some additions and nothing that others read. Time that the clock takes
/// back is no time.
class PollAccount {
  public:
    explicit PollAccount(CoreStatus& status) : status_(status) {}

    /// A round begins; the time since the last one began is that one's, whatever it slept of it.
    void begin(Time now) {
        const Time took = last_ == 0 || now < last_ ? 0 : now - last_;
        elapsed_ += took;
        busy_ += brought() ? took : 0;
        last_ = now;
        packets_ = 0;
        ++polls_;
    }

    /// A queue was polled within this round.
    void polled(std::size_t packets) {
        ++burst_sizes_[burst_size_index(packets)];
        packets_ += packets;
    }

    /// Packets that other cores passed on came within this round.
    void forwarded(std::size_t packets) { packets_ += packets; }

    /// True if this round has brought packets so far.
    bool brought() const { return packets_ > 0; }

    /// That it has brought so far.
    std::size_t packets() const { return packets_; }

    void publish() {
        status_.polls.store(polls_, std::memory_order_relaxed);
        status_.busy.store(busy_, std::memory_order_relaxed);
        status_.elapsed.store(elapsed_, std::memory_order_relaxed);
        for (std::size_t i = 0; i < burst_size_count; ++i)
            status_.burst_sizes[i].store(burst_sizes_[i], std::memory_order_relaxed);
    }

  private:
    CoreStatus& status_;
    Time last_ = 0;
    std::size_t packets_ = 0;  // of this round
    std::uint64_t polls_ = 0;
    std::uint64_t busy_ = 0;
    std::uint64_t elapsed_ = 0;
    std::array<std::uint64_t, burst_size_count> burst_sizes_{};
};

}  // namespace rstwatch::tally
