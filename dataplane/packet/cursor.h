// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace rstwatch::packet {

/// A bounded position in captured bytes: nothing behind `end` can be reached through it. ASan does not see an overread
/// inside a packet buffer, so the bound is kept here and not left to a sanitizer.
class Cursor {
  public:
    Cursor(const std::uint8_t* data, std::size_t length) : position_(data), end_(data + length) {}

    std::size_t remaining() const { return static_cast<std::size_t>(end_ - position_); }
    bool has(std::size_t bytes) const { return remaining() >= bytes; }
    const std::uint8_t* data() const { return position_; }

    /// Requires has(bytes).
    void skip(std::size_t bytes) { position_ += bytes; }

    /// Everything behind `bytes` from here does not exist any more; no effect when it is nearer already.
    void limit(std::size_t bytes) {
        if (bytes < remaining()) end_ = position_ + bytes;
    }

  private:
    const std::uint8_t* position_;
    const std::uint8_t* end_;
};

// Fields in network byte order, at any alignment. The caller has checked that the bytes are there.
inline std::uint16_t load16(const std::uint8_t* bytes) {
    std::uint16_t value;
    std::memcpy(&value, bytes, sizeof value);
    return __builtin_bswap16(value);
}

inline std::uint32_t load32(const std::uint8_t* bytes) {
    std::uint32_t value;
    std::memcpy(&value, bytes, sizeof value);
    return __builtin_bswap32(value);
}

}  // namespace rstwatch::packet
