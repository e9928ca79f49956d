// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rstwatch::tally {

/// Fixed-size table of counted rows that keeps the heavy hitters when there are more keys than rows, after Space-Saving
/// (Metwally, Agrawal, El Abbadi 2005). A row that gives way leaves what it had counted in `other()`, so that
/// Σ rows + other is exact at all times; the row that takes its place carries `error`: the most that its key can have
/// been counted for before. Instead of a heap over all rows, the lightest of a few neighbours gives way, and the error
/// is the heaviest weight that ever gave way: still an upper bound for every key that is not in the table.
///
/// Row needs: `Key key`, `std::uint64_t error`, `std::uint64_t weight() const` (what it counts), `std::uint64_t worth()
/// const` (what decides who gives way, at least the weight), default construction as an empty row.
/// Key needs operator== ; the caller hashes, because the hot path has a hash at hand.
/// Not thread-safe: the owner of the bank or registry that holds it is the only one to touch it.
template <typename Row>
class SpaceSavingTable {
  public:
    using Key = decltype(Row::key);

    explicit SpaceSavingTable(std::size_t capacity)
        : capacity_(std::max<std::size_t>(capacity, 1)), index_(std::bit_ceil(capacity_ * 2), empty) {
        rows_.reserve(capacity_);
        hashes_.reserve(capacity_);
    }

    /// The row of `key`, made (and an old one displaced, when there is no room) if there is none.
    Row& at(const Key& key, std::uint64_t hash) {
        std::size_t slot = home(hash);
        while (index_[slot] != empty) {
            const std::uint32_t row = index_[slot];
            if (hashes_[row] == hash && rows_[row].key == key) return rows_[row];
            slot = (slot + 1) & (index_.size() - 1);
        }
        if (rows_.size() < capacity_) return append(key, hash, slot);
        return replace_lightest(key, hash);
    }

    const Row* find(const Key& key, std::uint64_t hash) const {
        for (std::size_t slot = home(hash); index_[slot] != empty; slot = (slot + 1) & (index_.size() - 1)) {
            const std::uint32_t row = index_[slot];
            if (hashes_[row] == hash && rows_[row].key == key) return &rows_[row];
        }
        return nullptr;
    }
    Row* find(const Key& key, std::uint64_t hash) {
        return const_cast<Row*>(static_cast<const SpaceSavingTable*>(this)->find(key, hash));
    }

    // Two steps that bring what a later look-up needs into the cache: first the index, then the row that it points at.
    void prefetch_index(std::uint64_t hash) const { __builtin_prefetch(&index_[home(hash)]); }
    void prefetch_row(std::uint64_t hash) const {
        const std::uint32_t row = index_[home(hash)];
        if (row == empty) return;
        const auto* bytes = reinterpret_cast<const char*>(&rows_[row]);
        __builtin_prefetch(&hashes_[row]);
        for (std::size_t line = 0; line < sizeof(Row); line += 64) __builtin_prefetch(bytes + line, 1);
    }

    /// Empties the table in time proportional to the rows in use, not to its capacity.
    void clear() {
        if (rows_.size() * 4 > index_.size()) {
            std::fill(index_.begin(), index_.end(), empty);
        } else {
            for (const std::uint64_t hash : hashes_) erase_from_index_unordered(hash);
        }
        rows_.clear();
        hashes_.clear();
        other_ = overflowed_ = heaviest_displaced_ = 0;
        cursor_ = 0;
    }

    /// Touches all memory once, so that no page fault comes later on a packet's account.
    void prefault() {
        rows_.resize(capacity_);
        hashes_.resize(capacity_);
        rows_.clear();
        hashes_.clear();
    }

    const std::vector<Row>& rows() const { return rows_; }
    std::vector<Row>& rows() { return rows_; }
    std::size_t size() const { return rows_.size(); }
    std::size_t capacity() const { return capacity_; }
    std::uint64_t other() const { return other_; }            ///< weight counted for keys without a row
    std::uint64_t overflowed() const { return overflowed_; }  ///< how often a row had to give way
    /// The most that can have been counted for any key that has no row.
    std::uint64_t heaviest_displaced() const { return heaviest_displaced_; }

  private:
    static constexpr std::uint32_t empty = ~std::uint32_t{0};
    static constexpr std::size_t neighbours = 8;

    std::size_t home(std::uint64_t hash) const { return (hash ^ (hash >> 32)) & (index_.size() - 1); }

    Row& append(const Key& key, std::uint64_t hash, std::size_t slot) {
        index_[slot] = static_cast<std::uint32_t>(rows_.size());
        hashes_.push_back(hash);
        Row& row = rows_.emplace_back();
        row.key = key;
        row.error = 0;
        return row;
    }

    Row& replace_lightest(const Key& key, std::uint64_t hash) {
        std::size_t victim = cursor_;
        for (std::size_t i = 1; i < std::min(neighbours, rows_.size()); ++i) {
            const std::size_t candidate = (cursor_ + i) % rows_.size();
            if (worth(candidate) < worth(victim)) victim = candidate;
        }
        cursor_ = (cursor_ + neighbours) % rows_.size();
        ++overflowed_;
        other_ += rows_[victim].weight();
        heaviest_displaced_ = std::max(heaviest_displaced_, bound(victim));
        erase_from_index(victim);
        rows_[victim] = Row{};
        rows_[victim].key = key;
        rows_[victim].error = heaviest_displaced_;
        hashes_[victim] = hash;
        std::size_t slot = home(hash);
        while (index_[slot] != empty) slot = (slot + 1) & (index_.size() - 1);
        index_[slot] = static_cast<std::uint32_t>(victim);
        return rows_[victim];
    }

    std::uint64_t worth(std::size_t row) const { return rows_[row].worth() + rows_[row].error; }
    std::uint64_t bound(std::size_t row) const { return rows_[row].weight() + rows_[row].error; }

    /// Linear probing without tombstones (Knuth, TAOCP vol. 3, 6.4, algorithm R): later entries of the run move up.
    void erase_from_index(std::size_t row) {
        std::size_t hole = home(hashes_[row]);
        while (index_[hole] != row) hole = (hole + 1) & (index_.size() - 1);
        std::size_t next = hole;
        for (;;) {
            next = (next + 1) & (index_.size() - 1);
            if (index_[next] == empty) break;
            const std::size_t wanted = home(hashes_[index_[next]]);
            const bool stays = hole <= next ? (hole < wanted && wanted <= next) : (hole < wanted || wanted <= next);
            if (stays) continue;
            index_[hole] = index_[next];
            hole = next;
        }
        index_[hole] = empty;
    }

    /// For clear(): the whole run of this hash goes, since every row goes.
    void erase_from_index_unordered(std::uint64_t hash) {
        for (std::size_t slot = home(hash); index_[slot] != empty; slot = (slot + 1) & (index_.size() - 1))
            index_[slot] = empty;
    }

    std::size_t capacity_;
    std::vector<Row> rows_;              // dense, in order of arrival
    std::vector<std::uint64_t> hashes_;  // of the row at the same place
    std::vector<std::uint32_t> index_;   // hash → row, or `empty`
    std::uint64_t other_ = 0;
    std::uint64_t overflowed_ = 0;
    std::uint64_t heaviest_displaced_ = 0;
    std::size_t cursor_ = 0;
};

}  // namespace rstwatch::tally
