// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include "control/alert/engine.h"
#include "control/registry/failure_book.h"
#include "control/registry/registry.h"
#include "control/registry/service_names.h"
#include "control/store/store.h"

namespace rstwatch::control {

/// Keeps over a restart what people would miss: when each service last worked and what it spoke, since when it fails,
/// the alerts, and what is usual. A crash costs the last seconds, of what is usual the hour that goes on; where more
/// services change than are saved in an interval, those that fail come first, and the others in turn. Control thread
/// only, but for the Store.
class Keeper {
  public:
    struct Kept {
        Registry& registry;
        FailureBook& failures;
        ServiceNames& names;
        AlertEngine& alerts;
    };

    /// Services saved in one interval, at most: some milliseconds of the control thread's time.
    static constexpr std::size_t most_at_once = 8192;

    /// Of a store that is off nothing is loaded, and nothing saved.
    Keeper(Store* store, Kept kept);

    /// Before the store is started. What does not fit into the registry, the oldest, is erased. Alerts that go on are
    /// told anew.
    void load(std::size_t capacity);

    /// Once per interval.
    void follow(const MergedInterval& interval);

    /// At the end: all that is not saved yet.
    void save();

  private:
    bool is_on() const { return store_ != nullptr && store_->is_on(); }
    void load_services(std::size_t capacity);
    void load_alerts();
    void load_baselines();
    void begin_anew_if_the_file_was();
    KeptService state_of(const RegistryRow& row) const;
    std::vector<KeptService> take(RowMarks& marks, std::size_t& from, std::size_t most);
    void save_services(std::size_t most);
    void save_alerts();
    void save_baselines();

    Store* store_;
    Kept kept_;
    RowMarks failing_;                    // services in which something has failed since they were saved
    std::size_t next_failing_ = 0;        // place at which to go on
    std::size_t next_ = 0;                // likewise of all that have changed
    bool saving_ = false;                 // not through with them yet
    std::set<std::string> saved_alerts_;  // ids
    std::set<std::string> saved_baselines_;
    std::int64_t saved_hour_ = 0;  // that the baselines were saved in
    tally::Interval saved_in_ = 0;
    std::uint64_t generation_ = 0;
};

}  // namespace rstwatch::control
