// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "dataplane/packet/cursor.h"
#include "dataplane/packet/ether_type.h"

namespace rstwatch::packet {

/// The capture may have cut the frame, and nobody has said how long it was.
inline constexpr std::size_t unknown_length = std::numeric_limits<std::size_t>::max();

/// Where decoding stands: in front of a header whose type is known.
struct Layer {
    Cursor cursor;
    std::size_t on_wire;                    ///< bytes of it on the wire from here on, or unknown_length
    std::size_t elsewhere = 0;              ///< captured bytes of it that lie behind the cursor's end, out of reach
    std::uint16_t type = ether_type::none;  ///< of ether_type: what begins here
    bool inside_ip = false;                 ///< an IP header was in front
    bool certain = true;                    ///< false: a port number or a nibble is all that speaks for `type`

    bool has(std::size_t bytes) const { return cursor.has(bytes); }
    const std::uint8_t* data() const { return cursor.data(); }

    /// Requires has(bytes).
    void skip(std::size_t bytes) {
        cursor.skip(bytes);
        if (on_wire != unknown_length) on_wire -= bytes;
    }

    /// Bytes of what begins here, where its own header does not say.
    std::size_t length() const { return on_wire != unknown_length ? on_wire : cursor.remaining() + elsewhere; }

    /// What begins here ends after `bytes`, captured or not.
    void end_after(std::size_t bytes) {
        cursor.limit(bytes);
        on_wire = bytes;
        elsewhere = 0;
    }
};

/// What a decoder made of the header in front of it.
enum class Decoded : std::uint8_t {
    next,    ///< the layer stands at what it carries
    cut,     ///< the bytes end within the header
    unknown  ///< nothing that leads to IP
};

}  // namespace rstwatch::packet
