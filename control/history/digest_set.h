// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rstwatch::control {

/// Digests that were met, up to a capacity, in memory that is taken once. Control thread only.
class DigestSet {
  public:
    explicit DigestSet(std::size_t capacity) : capacity_(capacity), slots_(std::bit_ceil(2 * capacity + 1), none) {}

    bool contains(std::uint64_t digest) const { return slots_[slot_of(spelt(digest))] != none; }

    /// False if it was there, or there is no room.
    bool insert(std::uint64_t digest) {
        std::uint64_t& slot = slots_[slot_of(spelt(digest))];
        if (slot != none || size_ == capacity_) return false;
        slot = spelt(digest);
        ++size_;
        return true;
    }

    bool full() const { return size_ == capacity_; }

    void clear() {
        if (size_ > 0) std::ranges::fill(slots_, none);
        size_ = 0;
    }

  private:
    static constexpr std::uint64_t none = 0;

    static std::uint64_t spelt(std::uint64_t digest) { return std::max<std::uint64_t>(digest, 1); }

    /// Where it is, or would go.
    std::size_t slot_of(std::uint64_t digest) const {
        std::size_t slot = digest & (slots_.size() - 1);
        while (slots_[slot] != none && slots_[slot] != digest) slot = (slot + 1) & (slots_.size() - 1);
        return slot;
    }

    std::size_t capacity_;
    std::vector<std::uint64_t> slots_;  // open addressing
    std::size_t size_ = 0;
};

}  // namespace rstwatch::control
