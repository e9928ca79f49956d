// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "dataplane/tally/hop_distance.h"

namespace rstwatch::tcp {

using tally::hop_distance;

// Sequence numbers are compared modulo 2^32 (RFC 9293 section 3.4).
constexpr bool after(std::uint32_t a, std::uint32_t b) {
    return static_cast<std::int32_t>(a - b) > 0;
}
constexpr bool before(std::uint32_t a, std::uint32_t b) {
    return after(b, a);
}

/// first ≤ value ≤ last, going round.
constexpr bool within(std::uint32_t value, std::uint32_t first, std::uint32_t last) {
    return value - first <= last - first;
}

/// No window is larger than 1 GiB (RFC 7323 section 2.3): what lies further ahead is not a continuation.
inline constexpr std::uint32_t largest_window = 1u << 30;

}  // namespace rstwatch::tcp
