// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "dataplane/burst_pipeline.h"
#include "dataplane/live_clock.h"
#include "dataplane/port/port.h"

namespace rstwatch {

/// One lcore: polls its queues, processes what comes, hands its banks over.
class RxCore {
  public:
    struct Setup {
        BurstPipeline::Setup pipeline;
        std::vector<port::Port>* ports;
        std::size_t burst;
        bool sleep_when_idle;
        const std::atomic<bool>* stop;  ///< main: wo, cores: ro
    };

    explicit RxCore(const Setup& setup);

    /// Polls queue `core` of every port until told to stop.
    void run_live();

    /// Core 0 reads the captures to their end; the others follow the connections that it forwards to them.
    void run_replay();

    /// After run_replay() of core 0: what could not be read.
    const std::vector<std::string>& damage() const { return damage_; }

  private:
    std::size_t poll_queues();
    std::size_t drain_lanes();
    void read_captures();
    void follow_forwarded();
    void publish_clock(bool ended);
    bool stopped() const { return setup_.stop->load(std::memory_order_relaxed); }

    Setup setup_;
    unsigned core_;
    BurstPipeline pipeline_;
    LiveClock clock_;
    std::vector<std::string> damage_;
};

}  // namespace rstwatch
