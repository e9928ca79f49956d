// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>

#include "control/alert/engine.h"
#include "control/registry/failure_book.h"
#include "control/registry/registry.h"
#include "control/registry/service_names.h"
#include "control/store/store.h"

namespace rstwatch::control {

/// Keeps over a restart what people would miss: when each service last worked and what it spoke, since when it fails,
/// and the alerts. A crash costs the last seconds. Control thread only, but for the Store.
class Keeper {
  public:
    struct Kept {
        Registry& registry;
        FailureBook& failures;
        ServiceNames& names;
        AlertEngine& alerts;
    };

    /// Of a store that is off nothing is loaded, and nothing saved.
    Keeper(Store* store, Kept kept) : store_(store), kept_(kept) {}

    /// Before the store is started. What does not fit into the registry, the oldest, is erased.
    void load(std::size_t capacity);

    /// Once per interval.
    void follow(const MergedInterval& interval);

    /// What has changed since it was saved last; at the end, too.
    void save();

  private:
    bool is_on() const { return store_ != nullptr && store_->is_on(); }
    void save_services();
    void save_alerts();

    Store* store_;
    Kept kept_;
    std::set<tally::Endpoint> changed_;
    std::set<std::string> saved_alerts_;  // ids
    tally::Interval saved_in_ = 0;
    std::uint64_t generation_ = 0;
};

}  // namespace rstwatch::control
