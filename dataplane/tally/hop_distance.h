// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace rstwatch::tally {

/// Routers on the way, judged by the initial TTL that stacks use: 64, 128 or 255.
constexpr std::uint8_t hop_distance(std::uint8_t ttl) {
    if (ttl <= 64) return static_cast<std::uint8_t>(64 - ttl);
    if (ttl <= 128) return static_cast<std::uint8_t>(128 - ttl);
    return static_cast<std::uint8_t>(255 - ttl);
}

}  // namespace rstwatch::tally
