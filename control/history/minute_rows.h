// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "control/history/count_change.h"
#include "control/history/digest_set.h"
#include "control/history/subject_sums.h"
#include "control/merge/merged_interval.h"
#include "control/store/minute_row.h"

namespace rstwatch::control {

/// Collects what intervals add to the minutes of network, hosts and services, until it is taken for the store. Control
/// thread only.
class MinuteRows {
  public:
    struct Capacity {
        std::size_t rows;            ///< subjects of each scope that are taken by name; the others are summed up
        std::size_t pairs = 262144;  ///< clients that are told apart within a minute, over all subjects and outcomes
    };

    explicit MinuteRows(const Capacity& capacity) : capacity_(capacity), pairs_(capacity.pairs) {}

    /// As History::add().
    void add(const MergedInterval& interval, tally::Interval from, const std::vector<CountChange>& changes);

    /// True when it is time to write, in packet time, or there is too much to hold on to.
    bool due(tally::Interval now) const;

    /// What was collected, by key: of each scope the heaviest rows, and the sum of the others.
    std::vector<MinuteRow> take(tally::Interval now);

    /// Subjects that were taken without their names.
    std::uint64_t overflowed() const { return overflowed_; }
    /// Clients that could not be told apart.
    std::uint64_t pairs_overflowed() const { return pairs_overflowed_; }

  private:
    void count(std::uint64_t minute, Scope scope, tally::RowKind kind, std::int64_t count);
    void count(const MinuteKey& key, std::int64_t count, tally::Time first, tally::Time last);
    void add_rows(const MergedInterval& interval, std::uint64_t minute);
    void apply(const CountChange& change, std::uint64_t minute);
    void meet(std::uint64_t minute, const tally::Endpoint& server, const tally::IpAddress& client, tally::RowKind kind);
    bool is_new(const MinuteKey& key, const tally::IpAddress& client);
    struct Weighed {
        std::uint64_t weight;
        std::uint64_t hash;
        const SubjectSums::Subject* subject;
    };

    void take_scope(Scope scope, std::vector<MinuteRow>& rows);
    void sum_up_lightest(Scope scope, std::vector<Weighed>& named, SubjectSums& others);

    Capacity capacity_;
    SubjectSums sums_;
    DigestSet pairs_;  // that were met in pairs_minute_
    std::uint64_t pairs_minute_ = 0;
    tally::Interval taken_ = 0;
    std::uint64_t overflowed_ = 0;
    std::uint64_t pairs_overflowed_ = 0;
};

}  // namespace rstwatch::control
