// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

namespace rstwatch::tally {

/// Every packet received is counted in exactly one of these.
enum class PacketClass : std::uint8_t { tcp, icmp_error, other_ip, non_ip, fragment, malformed };

inline constexpr std::size_t packet_class_count = 6;

/// Plain sums over packets; `received` = Σ `by_class`. TCP flags are counted per packet, before anything is judged.
struct PacketTotals {
    std::uint64_t received = 0;
    std::uint64_t bytes = 0;  ///< on the wire, as the IP headers say; captured length where there is no IP
    std::array<std::uint64_t, packet_class_count> by_class{};
    std::uint64_t duplicates = 0;      ///< share of tcp
    std::uint64_t datagrams = 0;       ///< put together from fragments; each is in the class of what it carries
    std::uint64_t time_backwards = 0;  ///< stamped earlier than a packet before it, counted at that packet's time

    std::uint64_t syn = 0;      ///< SYN without ACK
    std::uint64_t syn_ack = 0;  ///< SYN and ACK
    std::uint64_t rst = 0;      ///< RST without ACK
    std::uint64_t rst_ack = 0;  ///< RST and ACK
    std::uint64_t fin = 0;      ///< any with FIN
    std::uint64_t null = 0;     ///< none of FIN, SYN, RST, PSH, ACK, URG
    std::uint64_t xmas = 0;     ///< FIN, PSH and URG without ACK

    std::uint64_t of(PacketClass packet_class) const { return by_class[static_cast<std::size_t>(packet_class)]; }

    void add(const PacketTotals& other) {
        received += other.received;
        bytes += other.bytes;
        for (std::size_t i = 0; i < by_class.size(); ++i) by_class[i] += other.by_class[i];
        duplicates += other.duplicates;
        datagrams += other.datagrams;
        time_backwards += other.time_backwards;
        syn += other.syn;
        syn_ack += other.syn_ack;
        rst += other.rst;
        rst_ack += other.rst_ack;
        fin += other.fin;
        null += other.null;
        xmas += other.xmas;
    }

    bool operator==(const PacketTotals&) const = default;
};

}  // namespace rstwatch::tally
