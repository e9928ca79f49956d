// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "control/store/minute_row.h"

namespace rstwatch::control {

/// What was counted of each subject in a minute, by kind. A subject's kinds hang together, so that its weight is known
/// without another look-up. Grows with what is counted until it is cleared. Control thread only.
class SubjectSums {
  public:
    struct Sum {
        std::int64_t count = 0;
        std::int64_t clients = 0;
        tally::Time first = 0, last = 0;
    };
    struct Subject {
        MinuteKey key;  ///< without a kind
        std::uint64_t hash;
        std::uint32_t sums;  ///< place of the first; of every subject there is one
    };

    /// Of the key without its kind.
    static std::uint64_t hash_of(const MinuteKey& key);

    /// The sum of `key`, made if there is none. Valid until the next one is made.
    Sum& at(const MinuteKey& key);
    /// Null if nothing was counted.
    Sum* find(const MinuteKey& key);

    // As in SpaceSavingTable: two steps that bring what a later look-up needs into the cache.
    void prefetch_index(const MinuteKey& key) const;
    void prefetch_subject(const MinuteKey& key) const;

    bool empty() const { return subjects_.empty(); }
    const std::vector<Subject>& subjects() const { return subjects_; }
    /// How much was counted of a subject, over all kinds.
    std::uint64_t weight(const Subject& subject) const;
    template <typename Visit>
    void for_each_kind(const Subject& subject, Visit visit) const {
        for (std::uint32_t place = subject.sums; place != none; place = entries_[place].next)
            visit(entries_[place].kind, entries_[place].sum);
    }

    /// Its memory is kept for what comes next.
    void clear();

  private:
    static constexpr std::uint32_t none = ~std::uint32_t{0};

    struct Entry {
        Sum sum;
        tally::RowKind kind;
        std::uint32_t next;  // of the same subject
    };

    std::size_t slot_of(const MinuteKey& key, std::uint64_t hash) const;
    Entry* find_kind(std::uint32_t first, tally::RowKind kind);
    void grow();

    std::vector<Subject> subjects_;  // in the order of their first counts
    std::vector<Entry> entries_;
    std::vector<std::uint32_t> index_ = std::vector<std::uint32_t>(1024, none);  // open addressing
};

}  // namespace rstwatch::control
