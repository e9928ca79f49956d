// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rstwatch::control {

/// Some of a table's rows, by their places: a bit for each, so that finding a few among a million costs no look at the
/// others. Fixed memory.
class RowMarks {
  public:
    explicit RowMarks(std::size_t rows) : words_((rows + bits - 1) / bits, 0) {}

    void set(std::size_t row) { words_[row / bits] |= std::uint64_t{1} << row % bits; }
    void clear(std::size_t row) { words_[row / bits] &= ~(std::uint64_t{1} << row % bits); }

    /// The first marked row at or behind `from`; size() if there is none.
    std::size_t next(std::size_t from) const {
        for (std::size_t word = from / bits; word < words_.size(); ++word) {
            std::uint64_t rest = words_[word];
            if (word == from / bits) rest &= ~std::uint64_t{0} << from % bits;
            if (rest != 0) return word * bits + static_cast<std::size_t>(std::countr_zero(rest));
        }
        return size();
    }

    /// Places there are; some more than rows.
    std::size_t size() const { return words_.size() * bits; }

  private:
    static constexpr std::size_t bits = 64;

    std::vector<std::uint64_t> words_;
};

}  // namespace rstwatch::control
