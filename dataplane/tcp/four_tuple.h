// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "dataplane/packet/packet_view.h"
#include "dataplane/tally/address.h"

namespace rstwatch::tcp {

/// What the connection table knows of a four-tuple: the same for both directions.
struct Digest {
    std::uint64_t value = 0;
    bool source_is_low = false;  ///< the packet's source is the lower of the two endpoints
    std::uint32_t domain = 0;    ///< the network that the four-tuple belongs to
    std::uint64_t segment = 0;   ///< of everything in the packet that a router leaves as it is
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

/// Tells a segment from every other one of its connection. The checksum stands for the options and the payload.
inline std::uint64_t segment_digest(const packet::PacketView& view, std::uint64_t connection, bool source_is_low) {
    using packet::PacketView;
    // Numbers, flags and window are read as the parser wrote them, at once. What lies behind was written apart: reading
    // that along would wait for the stores to leave the core.
    std::uint64_t numbers;
    std::uint32_t flags_and_window;
    static_assert(offsetof(PacketView, acknowledgement) + 4 == offsetof(PacketView, sequence) + sizeof numbers);
    static_assert(offsetof(PacketView, window) + 2 == offsetof(PacketView, tcp_options) + sizeof flags_and_window);
    std::memcpy(&numbers, &view.sequence, sizeof numbers);
    std::memcpy(&flags_and_window, &view.tcp_options, sizeof flags_and_window);
    constexpr std::uint32_t options = 0xff;
    const std::uint64_t rest = std::uint64_t{view.ip_id} << 48 | std::uint64_t{view.tcp_checksum} << 32 |
                               (flags_and_window & ~options) | static_cast<std::uint64_t>(source_is_low);
    return tally::mix(connection ^ numbers, rest ^ (std::uint64_t{view.payload_length} * 0x9e3779b97f4a7c15));
}

/// One endpoint, multiplied and folded with the secret. CRC32C would be as fast, but it is linear.
inline std::uint64_t endpoint_hash(const tally::IpAddress& address, std::uint16_t port, const HashSecret& secret) {
    return tally::mix(address.first_half() ^ secret.words[0] ^ port * secret.words[2],
                      address.second_half() ^ secret.words[1]);
}

/// The hashes of both endpoints, combined so that their order does not matter; comparing them gives an order without a
/// branch that half of the packets would take.
inline Digest digest(const packet::PacketView& view, std::uint32_t domain, const HashSecret& secret) {
    const std::uint64_t source = endpoint_hash(view.source, view.source_port, secret);
    const std::uint64_t destination = endpoint_hash(view.destination, view.destination_port, secret);
    const std::uint64_t value =
        tally::mix((source + destination) ^ secret.words[3], (source ^ destination) + domain * secret.words[2]);
    return {value, source <= destination, domain, segment_digest(view, value, source <= destination)};
}

}  // namespace rstwatch::tcp
