// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/support/timed_frame.h"

namespace rstwatch::test {

/// Spoils bytes in ways that find what a parser forgot: the same seed gives the same bytes on every machine.
class Mutator {
  public:
    explicit Mutator(std::uint64_t seed) : state_(seed) {}

    /// Keeps the first `size` bytes of everything as they are, such as the header of a capture file.
    Mutator& keep_prefix(std::size_t size);

    /// At most this many changes of one input (8); at least one is made.
    Mutator& at_most(std::size_t changes);

    /// `original` with some bits flipped, bytes set, numbers of 8 to 32 bits replaced by borders (0, -1, its size, one
    /// more, ...), a piece cut out, repeated, or put in from elsewhere in it, or its end cut off.
    Bytes mutate(Bytes original);

    /// As before; pieces that are put in may also come from `other`.
    Bytes mutate(Bytes original, const Bytes& other);

    /// Frames of which `share` (0 to 1) are mutated. The times stay, so the container stays sound and what is tried is
    /// what reads the packets.
    std::vector<TimedFrame> mutate(std::vector<TimedFrame> frames, double share);

  private:
    std::uint64_t next();
    std::size_t below(std::size_t limit);
    std::size_t position(const Bytes& bytes);
    void change_once(Bytes& bytes, const Bytes& other);
    void flip_bit(Bytes& bytes);
    void set_byte(Bytes& bytes);
    void set_number(Bytes& bytes);
    void cut_out(Bytes& bytes);
    void repeat(Bytes& bytes);
    void splice(Bytes& bytes, const Bytes& other);
    void truncate(Bytes& bytes);

    std::uint64_t state_;
    std::size_t prefix_ = 0, changes_ = 8;
};

}  // namespace rstwatch::test
