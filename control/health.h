// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "control/snapshot_store.h"
#include "control/store/store.h"
#include "control/vitals.h"

namespace rstwatch::control {

/// Whether the daemon lives, and whether what it says is to be relied on. Any thread.
class Health {
  public:
    /// All outlive this.
    Health(const SnapshotStore& snapshots, const Store& history, const Vitals& vitals)
        : snapshots_(snapshots), history_(history), vitals_(vitals) {}

    /// A restart would help: what does not move, a sentence each; empty: it lives.
    std::vector<std::string> what_stands_still() const;

    /// Why what it says is not to be relied on now, a sentence each; empty: it is ready.
    std::vector<std::string> what_fails() const;

  private:
    const SnapshotStore& snapshots_;
    const Store& history_;
    const Vitals& vitals_;
};

}  // namespace rstwatch::control
