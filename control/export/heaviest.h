// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataplane/tally/interval_bank.h"

namespace rstwatch::control {

/// Which outcomes are asked for, by number.
using WantedOutcomes = std::array<bool, tally::outcome_count>;

/// Finds out who has the most of some outcomes, in two passes over the same data: what is counted here is just enough
/// to tell that, because a window has hundreds of thousands of rows and an answer has ten. Fixed memory, made for as
/// many rows as are announced.
class Heaviest {
  public:
    Heaviest(const WantedOutcomes& wanted, std::size_t most_rows);

    /// Announces a revision that will come: what it may turn into a wanted outcome has to be counted, too.
    void announce(tally::Outcome from, std::optional<tally::Outcome> to);
    /// Once all are announced, before anything is counted.
    void prepare();

    bool counts(tally::RowKind kind) const { return kind < counted_.size() && counted_[kind]; }
    /// What counts() is asked for first.
    void add(const tally::Endpoint& key, tally::RowKind kind, std::uint64_t count);
    void prefetch_index(const tally::Endpoint& key) const { __builtin_prefetch(&index_[slot_of(key)]); }
    void prefetch_entry(const tally::Endpoint& key) const;

    /// Nothing where `from` has not been counted so often: its row has given way.
    void revise(const tally::Endpoint& key, tally::Outcome from, std::optional<tally::Outcome> to);

    /// The keys with the most, at most `limit`, in no order; among equal ones those that come first.
    std::vector<tally::Endpoint> keys(std::size_t limit) const;

  private:
    static constexpr std::uint32_t none = ~std::uint32_t{0};

    struct Entry {
        tally::Endpoint key;
        tally::RowKind kind;
        std::uint32_t next;  // of the same key, another kind
        std::uint64_t count;
    };

    std::size_t slot_of(const tally::Endpoint& key) const;
    /// Where the key's first entry is in the index, or would go.
    std::uint32_t& head_of(const tally::Endpoint& key);
    Entry* find(std::uint32_t head, tally::RowKind kind);

    WantedOutcomes wanted_;
    WantedOutcomes counted_;
    std::array<WantedOutcomes, tally::outcome_count> becomes_{};  // [to][from]: there is such a revision
    std::vector<Entry> entries_;
    std::vector<std::uint32_t> index_;  // open addressing: place of a key's first entry
};

}  // namespace rstwatch::control
