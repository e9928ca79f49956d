// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "config/signatures.h"

namespace rstwatch::identify {

/// A set of signatures, by their numbers.
class SignatureBits {
  public:
    static constexpr unsigned none = config::most_signatures;

    void set(unsigned number) { words_[number / 64] |= std::uint64_t{1} << number % 64; }
    bool test(unsigned number) const { return words_[number / 64] >> number % 64 & 1; }
    bool empty() const { return first() == none; }

    /// The lowest number in the set, or `none`.
    unsigned first() const {
        for (unsigned word = 0; word < words_.size(); ++word)
            if (words_[word] != 0) return word * 64 + static_cast<unsigned>(std::countr_zero(words_[word]));
        return none;
    }

    SignatureBits operator&(const SignatureBits& other) const {
        SignatureBits both;
        for (std::size_t word = 0; word < words_.size(); ++word) both.words_[word] = words_[word] & other.words_[word];
        return both;
    }

  private:
    std::array<std::uint64_t, config::most_signatures / 64> words_{};
};

}  // namespace rstwatch::identify
