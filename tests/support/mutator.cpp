// SPDX-License-Identifier: Apache-2.0
#include "tests/support/mutator.h"

#include <algorithm>
#include <array>
#include <utility>

namespace rstwatch::test {
namespace {

constexpr std::size_t longest_piece = 64;

}  // namespace

Mutator& Mutator::keep_prefix(std::size_t size) {
    return prefix_ = size, *this;
}
Mutator& Mutator::at_most(std::size_t changes) {
    return changes_ = std::max<std::size_t>(changes, 1), *this;
}

/// SplitMix64 (Steele, Lea, Flood 2014): unlike the library's distributions the same everywhere.
std::uint64_t Mutator::next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}

std::size_t Mutator::below(std::size_t limit) {
    return limit == 0 ? 0 : static_cast<std::size_t>(next() % limit);
}

std::size_t Mutator::position(const Bytes& bytes) {
    return prefix_ + below(bytes.size() - prefix_);
}

Bytes Mutator::mutate(Bytes original) {
    const Bytes copy = original;
    return mutate(std::move(original), copy);
}

Bytes Mutator::mutate(Bytes original, const Bytes& other) {
    for (std::size_t left = 1 + below(changes_); left > 0; --left)
        if (original.size() > prefix_) change_once(original, other);
    return original;
}

std::vector<TimedFrame> Mutator::mutate(std::vector<TimedFrame> frames, double share) {
    const auto threshold = static_cast<std::uint64_t>(std::clamp(share, 0.0, 1.0) * 1'000'000);
    for (TimedFrame& frame : frames)
        if (next() % 1'000'000 < threshold) frame.bytes = mutate(std::move(frame.bytes));
    return frames;
}

void Mutator::change_once(Bytes& bytes, const Bytes& other) {
    // Small changes of headers are what reaches deep, so they are what is done most.
    switch (below(16)) {
        case 0:
            return cut_out(bytes);
        case 1:
            return repeat(bytes);
        case 2:
            return splice(bytes, other);
        case 3:
            return truncate(bytes);
        case 4:
        case 5:
        case 6:
        case 7:
            return flip_bit(bytes);
        case 8:
        case 9:
        case 10:
            return set_byte(bytes);
        default:
            return set_number(bytes);
    }
}

void Mutator::flip_bit(Bytes& bytes) {
    const std::size_t at = position(bytes);
    bytes[at] ^= static_cast<std::uint8_t>(1U << below(8));
}

void Mutator::set_byte(Bytes& bytes) {
    const std::size_t at = position(bytes);
    bytes[at] = static_cast<std::uint8_t>(next());
}

void Mutator::set_number(Bytes& bytes) {
    const auto size = static_cast<std::uint32_t>(bytes.size());
    const std::array<std::uint32_t, 16> borders{0,    1,    2,      3,      size - 1, size,    size + 1,   0x7F,
                                                0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF,   0x10000, 0x7FFFFFFF, 0xFFFFFFFF};
    const std::uint32_t value = borders[below(borders.size())];
    const std::size_t width = std::size_t{1} << below(3);
    const bool big_endian = below(2) == 0;
    const std::size_t at = position(bytes);
    for (std::size_t i = 0; i < width && at + i < bytes.size(); ++i) {
        const std::size_t shift = 8 * (big_endian ? width - 1 - i : i);
        bytes[at + i] = static_cast<std::uint8_t>(value >> shift);
    }
}

void Mutator::cut_out(Bytes& bytes) {
    const std::size_t at = position(bytes);
    const std::size_t size = std::min(1 + below(longest_piece), bytes.size() - at);
    const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    bytes.erase(first, first + static_cast<std::ptrdiff_t>(size));
}

void Mutator::repeat(Bytes& bytes) {
    const std::size_t at = position(bytes);
    const std::size_t size = std::min(1 + below(longest_piece), bytes.size() - at);
    const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    const Bytes piece(first, first + static_cast<std::ptrdiff_t>(size));
    bytes.insert(first, piece.begin(), piece.end());
}

void Mutator::splice(Bytes& bytes, const Bytes& other) {
    if (other.empty()) return;
    const std::size_t from = below(other.size());
    const std::size_t size = std::min(1 + below(longest_piece), other.size() - from);
    const std::size_t to = position(bytes);
    for (std::size_t i = 0; i < size && to + i < bytes.size(); ++i) bytes[to + i] = other[from + i];
}

void Mutator::truncate(Bytes& bytes) {
    bytes.resize(position(bytes));
}

}  // namespace rstwatch::test
