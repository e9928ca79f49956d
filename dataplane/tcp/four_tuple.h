// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "dataplane/packet/packet_view.h"
#include "dataplane/tally/address.h"

namespace rstwatch::tcp {

/// What the connection table knows of a four-tuple: the same for both directions.
struct Digest {
    std::uint64_t value = 0;
    bool source_is_low = false;  ///< the packet's source is the lower of the two endpoints
    std::uint32_t domain = 0;    ///< the network that the four-tuple belongs to
};

/// What tells networks with overlapping addresses apart.
enum class DomainBy : std::uint8_t { nothing, vlan, tunnel };

/// 0 for a packet that has no such mark, as for all packets where nothing is told apart.
inline std::uint32_t domain_of(const packet::PacketView& view, DomainBy by) {
    if (by == DomainBy::nothing) return 0;
    return by == DomainBy::vlan ? view.vlan[0] : view.tunnel_id;
}

/// Secret of the table's hash: without it, nobody can craft four-tuples that crowd into one bucket.
struct HashSecret {
    std::uint64_t words[4] = {0x2d358dccaa6c78a5, 0x8bb84b93962eacc9, 0x4b33a62ed433d4a3, 0x4d5a2da51de1aa47};

    /// From the kernel's random numbers; the default constructor's fixed words make a replay repeatable instead.
    static HashSecret random();
};

/// Sorted endpoints, multiplied and folded with the secret. CRC32C would be as fast, but it is linear.
inline Digest digest(const packet::PacketView& view, std::uint32_t domain, const HashSecret& secret) {
    const tally::IpAddress* low = &view.source;
    const tally::IpAddress* high = &view.destination;
    std::uint16_t low_port = view.source_port;
    std::uint16_t high_port = view.destination_port;
    const std::uint64_t source[2] = {low->first_half(), low->second_half()};
    const std::uint64_t destination[2] = {high->first_half(), high->second_half()};
    // Any total order will do, so the halves are compared as they lie in memory.
    const bool source_is_low = source[1] != destination[1]   ? source[1] < destination[1]
                               : source[0] != destination[0] ? source[0] < destination[0]
                                                             : low_port <= high_port;
    const std::uint64_t* a = source_is_low ? source : destination;
    const std::uint64_t* b = source_is_low ? destination : source;
    if (!source_is_low) {
        low_port = view.destination_port;
        high_port = view.source_port;
    }
    const std::uint64_t ports = std::uint64_t{low_port} << 48 | std::uint64_t{high_port} << 32 | domain;
    const std::uint64_t first = tally::mix(a[0] ^ secret.words[0], a[1] ^ secret.words[1]);
    const std::uint64_t second = tally::mix(b[0] ^ secret.words[2], b[1] ^ secret.words[3]);
    return {tally::mix(first ^ ports ^ secret.words[1], second ^ (ports * secret.words[2]) ^ secret.words[0]),
            source_is_low, domain};
}

}  // namespace rstwatch::tcp
