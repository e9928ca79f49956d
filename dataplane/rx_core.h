// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "dataplane/burst_pipeline.h"
#include "dataplane/depth_governor.h"
#include "dataplane/live_clock.h"
#include "dataplane/machine_clocks.h"
#include "dataplane/port/port.h"
#include "dataplane/tally/poll_account.h"

namespace rstwatch {

/// One lcore: polls its queues, processes what comes, hands its banks over.
class RxCore {
  public:
    struct Setup {
        BurstPipeline::Setup pipeline;
        std::vector<port::Port>* ports;
        std::size_t burst;
        bool adaptive;                  ///< sleep when idle, rather than poll all the time
        std::size_t descriptors;        ///< packets that a queue of a port holds
        const SharedClockLine* clock;   ///< of live ports
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
    void poll_round(unsigned& idle_polls);
    bool poll_queues();
    std::size_t drain_lanes();
    void govern_depth(bool more, tally::Time now);
    bool queues_fill() const;
    bool lanes_have_room();
    void read_captures();
    void follow_forwarded();
    void publish_clock(bool ended);
    bool stopped() const { return setup_.stop->load(std::memory_order_relaxed); }

    Setup setup_;
    unsigned core_;
    BurstPipeline pipeline_;
    LiveClock<TscTicks> clock_;
    tally::PollAccount account_;
    DepthGovernor governor_;
    std::vector<std::string> damage_;
};

}  // namespace rstwatch
