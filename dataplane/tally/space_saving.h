// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataplane/tally/touch.h"

namespace rstwatch::tally {

/// How much of a row a look-up needs in the cache: all of it, unless the row says that the rest is rarely read.
template <typename Row>
constexpr std::size_t hot_bytes() {
    if constexpr (requires { Row::hot_bytes; })
        return Row::hot_bytes;
    else
        return sizeof(Row);
}

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
        : capacity_(std::max<std::size_t>(capacity, 1)), index_(std::bit_ceil(capacity_ * 2)) {
        rows_.reserve(capacity_);
        tags_.reserve(capacity_);
    }

    /// The row of `key`, made (and an old one displaced, when there is no room) if there is none.
    Row& at(const Key& key, std::uint64_t hash) {
        const std::uint32_t tag = tag_of(hash);
        std::size_t slot = home(tag);
        for (; index_[slot].row != empty; slot = behind(slot))
            if (index_[slot].tag == tag && rows_[index_[slot].row].key == key) return rows_[index_[slot].row];
        if (rows_.size() < capacity_) return append(key, tag, slot);
        return replace_lightest(key, tag);
    }

    const Row* find(const Key& key, std::uint64_t hash) const {
        const std::uint32_t tag = tag_of(hash);
        for (std::size_t slot = home(tag); index_[slot].row != empty; slot = behind(slot))
            if (index_[slot].tag == tag && rows_[index_[slot].row].key == key) return &rows_[index_[slot].row];
        return nullptr;
    }
    Row* find(const Key& key, std::uint64_t hash) {
        return const_cast<Row*>(static_cast<const SpaceSavingTable*>(this)->find(key, hash));
    }

    // Two steps that bring what a later look-up needs into the cache: first the index, then the row that it points at.
    void prefetch_index(std::uint64_t hash) const { __builtin_prefetch(&index_[home(tag_of(hash))]); }
    void prefetch_row(std::uint64_t hash) const {
        const std::uint32_t row = index_[home(tag_of(hash))].row;
        if (row == empty) return;
        const auto* bytes = reinterpret_cast<const char*>(&rows_[row]);
        for (std::size_t line = 0; line < hot_bytes<Row>(); line += 64) __builtin_prefetch(bytes + line, 1);
        __builtin_prefetch(bytes + hot_bytes<Row>() - 1, 1);
    }

    // The same for several look-ups that follow at once.
    void touch_index(std::uint64_t hash) const { touch(&index_[home(tag_of(hash))]); }
    void touch_row(std::uint64_t hash) const {
        const std::uint32_t row = index_[home(tag_of(hash))].row;
        if (row != empty) touch(&rows_[row]);
    }

    /// Empties the table in time proportional to the rows in use, not to its capacity.
    void clear() {
        if (rows_.size() * 4 > index_.size()) {
            std::fill(index_.begin(), index_.end(), Place{});
        } else {
            for (const std::uint32_t tag : tags_) erase_from_index_unordered(tag);
        }
        rows_.clear();
        tags_.clear();
        other_ = overflowed_ = heaviest_displaced_ = 0;
        cursor_ = 0;
    }

    /// Touches all memory once, so that no page fault comes later on a packet's account.
    void prefault() {
        rows_.resize(capacity_);
        tags_.resize(capacity_);
        rows_.clear();
        tags_.clear();
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

    /// Of a row the part of its hash that says where it belongs, so that a search reads no row but the right one.
    struct Place {
        std::uint32_t tag = 0;
        std::uint32_t row = empty;
    };

    static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash ^ (hash >> 32)); }
    std::size_t home(std::uint32_t tag) const { return tag & (index_.size() - 1); }
    std::size_t behind(std::size_t slot) const { return (slot + 1) & (index_.size() - 1); }

    Row& append(const Key& key, std::uint32_t tag, std::size_t slot) {
        index_[slot] = {tag, static_cast<std::uint32_t>(rows_.size())};
        tags_.push_back(tag);
        Row& row = rows_.emplace_back();
        row.key = key;
        row.error = 0;
        return row;
    }

    Row& replace_lightest(const Key& key, std::uint32_t tag) {
        const std::size_t victim = lightest_of_next();
        ++overflowed_;
        other_ += rows_[victim].weight();
        heaviest_displaced_ = std::max(heaviest_displaced_, bound(victim));
        erase_from_index(victim);
        rows_[victim] = Row{};
        rows_[victim].key = key;
        rows_[victim].error = heaviest_displaced_;
        tags_[victim] = tag;
        std::size_t slot = home(tag);
        while (index_[slot].row != empty) slot = behind(slot);
        index_[slot] = {tag, static_cast<std::uint32_t>(victim)};
        return rows_[victim];
    }

    std::size_t lightest_of_next() {
        std::size_t lightest = cursor_, candidate = cursor_;
        std::uint64_t least = worth(cursor_);
        for (std::size_t i = 1; i < std::min(neighbours, rows_.size()); ++i) {
            if (++candidate == rows_.size()) candidate = 0;
            const std::uint64_t its = worth(candidate);
            lightest = its < least ? candidate : lightest;
            least = std::min(least, its);
        }
        for (cursor_ += neighbours; cursor_ >= rows_.size();) cursor_ -= rows_.size();
        // Who comes to be looked at next; a search that leads to this misses the cache often enough.
        const auto* next = reinterpret_cast<const char*>(rows_.data() + cursor_);
        for (std::size_t byte = 0; byte < neighbours * sizeof(Row); byte += 64) __builtin_prefetch(next + byte);
        return lightest;
    }

    std::uint64_t worth(std::size_t row) const { return rows_[row].worth() + rows_[row].error; }
    std::uint64_t bound(std::size_t row) const { return rows_[row].weight() + rows_[row].error; }

    /// Linear probing without tombstones (Knuth, TAOCP vol. 3, 6.4, algorithm R): later entries of the run move up.
    void erase_from_index(std::size_t row) {
        std::size_t hole = home(tags_[row]);
        while (index_[hole].row != row) hole = behind(hole);
        for (std::size_t next = behind(hole); index_[next].row != empty; next = behind(next)) {
            const std::size_t wanted = home(index_[next].tag);
            const bool stays = hole <= next ? (hole < wanted && wanted <= next) : (hole < wanted || wanted <= next);
            if (stays) continue;
            index_[hole] = index_[next];
            hole = next;
        }
        index_[hole] = Place{};
    }

    /// For clear(): the whole run of this hash goes, since every row goes.
    void erase_from_index_unordered(std::uint32_t tag) {
        for (std::size_t slot = home(tag); index_[slot].row != empty; slot = behind(slot)) index_[slot] = Place{};
    }

    std::size_t capacity_;
    std::vector<Row> rows_;            // dense, in order of arrival
    std::vector<std::uint32_t> tags_;  // of the row at the same place
    std::vector<Place> index_;         // hash → row, or `empty`
    std::uint64_t other_ = 0;
    std::uint64_t overflowed_ = 0;
    std::uint64_t heaviest_displaced_ = 0;
    std::size_t cursor_ = 0;
};

}  // namespace rstwatch::tally
