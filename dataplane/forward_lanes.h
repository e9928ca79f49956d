// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "dataplane/tally/spsc_ring.h"
#include "dataplane/tally/time.h"

struct rte_mbuf;

namespace rstwatch {

/// One way from the core that received packets to the core that owns their connections. A packet travels with its time
/// in its stamp; its buffer is freed by the owner.
struct ForwardLane {
    explicit ForwardLane(std::size_t capacity) : ring(capacity) {}

    tally::SpscRing<rte_mbuf> ring;
    /// Replay: the sender's clock; every packet up to it has been pushed. Sender: wo, owner: ro (reads it before the
    /// ring).
    alignas(64) std::atomic<tally::Time> pushed_until{0};
    /// Replay: nothing comes any more; `pushed_until` is then the time of the last packet of all. Sender: wo, owner:
    /// ro.
    std::atomic<bool> ended{false};
};

/// A lane for each ordered pair of cores.
class ForwardLanes {
  public:
    ForwardLanes(unsigned cores, std::size_t capacity) : cores_(cores) {
        for (unsigned i = 0; i < cores * cores; ++i)
            lanes_.push_back(i / cores == i % cores ? nullptr : std::make_unique<ForwardLane>(capacity));
    }

    ForwardLane& lane(unsigned from, unsigned to) { return *lanes_[from * cores_ + to]; }
    unsigned cores() const { return cores_; }

  private:
    unsigned cores_;
    std::vector<std::unique_ptr<ForwardLane>> lanes_;  // none from a core to itself
};

}  // namespace rstwatch
