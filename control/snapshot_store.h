// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

#include "control/snapshot.h"

namespace rstwatch::control {

/// The latest snapshot, swapped by pointer: readers hold what they read for as long as they like.
class SnapshotStore {
  public:
    /// Control thread.
    void publish(SnapshotPtr snapshot) { latest_.store(std::move(snapshot), std::memory_order_release); }

    /// Any thread. Null before the first publication.
    SnapshotPtr latest() const { return latest_.load(std::memory_order_acquire); }

  private:
    std::atomic<SnapshotPtr> latest_;
};

}  // namespace rstwatch::control
