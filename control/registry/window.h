// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "config/settings.h"
#include "control/merge/merged_interval.h"

namespace rstwatch::control {

/// One second of the recent past, as it was counted. Immutable: snapshots share it.
struct WindowInterval {
    tally::Interval interval = 0;
    std::uint64_t packets = 0;
    std::uint64_t attempts = 0;
    bool at_control_depth = false;          ///< some outcomes may not have been told
    std::uint64_t destinations_missed = 0;  ///< the most by which the count of any one destination can be short
    std::uint64_t clients_missed = 0;       ///< likewise of any one client
    std::vector<tally::Row> destinations;
    std::vector<tally::Row> clients;
    std::vector<tally::Sighting> sightings;
    std::vector<tally::Revision> revisions;         ///< made in this second, of verdicts given in it or before
    std::vector<tally::Revision> client_revisions;  ///< likewise, for the rows of clients alone, before the others
    std::vector<tally::Revision> assumed;           ///< of verdicts of this second, while Snapshot::assumptions hold

    std::size_t size() const {
        return destinations.size() + clients.size() + sightings.size() + revisions.size() + client_revisions.size() +
               assumed.size();
    }
};

/// The last seconds, bounded in time and in rows: the oldest give way. Control thread only.
class Window {
  public:
    explicit Window(const config::Settings::Window& settings);

    /// Other bounds, from the next interval on.
    void set(const config::Settings::Window& settings);

    void add(MergedInterval& interval);

    std::vector<std::shared_ptr<const WindowInterval>> intervals() const;

    bool any_at_control_depth() const;

    /// Seconds that gave way to the limit of rows before their time.
    std::uint64_t shortened() const { return shortened_; }

  private:
    void forget_oldest();

    tally::Interval seconds_ = 0;
    std::size_t rows_limit_ = 0;
    std::size_t rows_ = 0;
    std::uint64_t shortened_ = 0;
    std::deque<std::shared_ptr<const WindowInterval>> intervals_;
};

}  // namespace rstwatch::control
