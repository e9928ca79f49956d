// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "dataplane/packet/packet_view.h"
#include "dataplane/packet/plain_segment.h"

namespace rstwatch::port {

/// Toeplitz hashing with a key of period 16 bits gives both directions of a connection the same value (Woo and Park,
/// "Scalable TCP Session Monitoring with Symmetric Receive-side Scaling", 2012).
inline constexpr std::uint16_t symmetric_key = 0x6d5a;
inline constexpr unsigned redirection_entries = 128;

/// The key for a device that wants `length` bytes of it.
std::vector<std::uint8_t> symmetric_rss_key(std::size_t length);

namespace detail {
/// With a period of 16 bits every 16-bit word of the input is weighted alike, so the hash of the input is the hash of
/// the exclusive or of its words: two table look-ups instead of a loop over bits.
constexpr std::array<std::array<std::uint32_t, 256>, 2> toeplitz_tables() {
    std::array<std::array<std::uint32_t, 256>, 2> tables{};
    constexpr std::uint64_t key = 0x0001000100010001ULL * symmetric_key;
    for (unsigned half = 0; half < 2; ++half)
        for (unsigned byte = 0; byte < 256; ++byte)
            for (unsigned bit = 0; bit < 8; ++bit)
                if (byte & (0x80u >> bit))
                    tables[half][byte] ^= static_cast<std::uint32_t>(key << (half * 8 + bit) >> 32);
    return tables;
}
inline constexpr auto toeplitz = toeplitz_tables();
}  // namespace detail

/// What a NIC with that key computes over addresses and ports of the innermost four-tuple. IPv4-mapped addresses give
/// the IPv4 hash, because their prefix cancels out.
inline std::uint32_t symmetric_rss_hash(const packet::TupleFold& tuple) {
    std::uint64_t folded = tuple.addresses;
    folded ^= folded >> 32;
    folded ^= folded >> 16;
    // The addresses lie in network byte order, so the low byte of the folded word is the first on the wire.
    const std::uint8_t first = static_cast<std::uint8_t>(folded) ^ static_cast<std::uint8_t>(tuple.ports >> 8);
    const std::uint8_t second = static_cast<std::uint8_t>(folded >> 8) ^ static_cast<std::uint8_t>(tuple.ports);
    return detail::toeplitz[0][first] ^ detail::toeplitz[1][second];
}
inline std::uint32_t symmetric_rss_hash(const packet::PacketView& view) {
    return symmetric_rss_hash(packet::fold_of(view));
}

/// The queue, hence the core, that the redirection table of `queues` queues gives to a hash.
inline unsigned owner_of(std::uint32_t hash, unsigned queues) {
    return hash % redirection_entries % queues;
}

}  // namespace rstwatch::port
