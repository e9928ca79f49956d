// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>

#include "dataplane/packet/ip.h"
#include "dataplane/packet/packet_view.h"
#include "dataplane/packet/tag.h"

namespace rstwatch::packet {

/// Addresses and ports of both ends laid over each other by exclusive or: the same for both directions, and at hand
/// before anything is hashed. Different connections may share it.
struct TupleFold {
    std::uint64_t addresses = 0;  ///< of all halves, as they lie in memory
    std::uint16_t ports = 0;

    bool operator==(const TupleFold&) const = default;

    /// One of 64 bits, for sets of tuples that may say yes too often, never no.
    std::uint64_t bit() const { return std::uint64_t{1} << (((addresses ^ ports) * 0x9e3779b97f4a7c15U) >> 58); }
};

inline TupleFold fold_of(const tally::IpAddress& one, std::uint16_t port_of_one, const tally::IpAddress& other,
                         std::uint16_t port_of_other) {
    return {one.first_half() ^ one.second_half() ^ other.first_half() ^ other.second_half(),
            static_cast<std::uint16_t>(port_of_one ^ port_of_other)};
}
inline TupleFold fold_of(const PacketView& view) {
    return fold_of(view.source, view.source_port, view.destination, view.destination_port);
}

/// A segment that acknowledges, perhaps with data, and neither makes nor ends a connection; as much of it as tells
/// whether anybody wants it, and what is to be counted if not.
struct PlainSegment {
    TupleFold tuple;
    std::uint32_t wire_length = 0;
    std::uint8_t tcp_flags = 0;
};

namespace detail {
template <typename Word>
Word raw(const std::uint8_t* bytes) {
    Word word;
    std::memcpy(&word, bytes, sizeof word);
    return word;
}
}  // namespace detail

/// What of an IP header without options, or extension headers, matters here.
struct PlainIp {
    std::size_t tcp_at = 0;  ///< 0: it is something else
    std::size_t end = 0;     ///< of the packet, by its length
    std::uint64_t addresses = 0;
};

inline PlainIp plain_ipv4(const Frame& frame, std::size_t ip) {
    const std::uint8_t* header = frame.data + ip;
    if (frame.length < ip + 40 || header[0] != 0x45 || header[9] != ip_protocol::tcp ||
        (load16(header + 6) & (ip_fragment::offset | ip_fragment::more)) != 0)
        return {};
    // Of mapped addresses only the last four bytes differ.
    const std::uint32_t addresses = detail::raw<std::uint32_t>(header + 12) ^ detail::raw<std::uint32_t>(header + 16);
    return {ip + 20, ip + load16(header + 2), std::uint64_t{addresses} << 32};
}

inline PlainIp plain_ipv6(const Frame& frame, std::size_t ip) {
    using detail::raw;
    const std::uint8_t* header = frame.data + ip;
    if (frame.length < ip + 60 || header[0] >> 4 != 6 || header[6] != ip_protocol::tcp) return {};
    return {ip + 40, ip + 40 + load16(header + 4),
            raw<std::uint64_t>(header + 8) ^ raw<std::uint64_t>(header + 16) ^ raw<std::uint64_t>(header + 24) ^
                raw<std::uint64_t>(header + 32)};
}

/// Behind VLAN tags, or IPv6.
inline PlainIp plain_ip_in_tags(const Frame& frame) {
    constexpr unsigned most_tags = 2;
    std::size_t ip = 14;
    std::uint16_t type = load16(frame.data + 12);
    for (unsigned tags = 0; is_vlan_tag(type) && tags < most_tags; ++tags, ip += 4) {
        if (frame.length < ip + 4) return {};
        type = load16(frame.data + ip + 2);
    }
    if (type == ether_type::ipv4) return plain_ipv4(frame, ip);
    return type == ether_type::ipv6 ? plain_ipv6(frame, ip) : PlainIp{};
}

/// True if parse() would find such a segment right behind the Ethernet header and its VLAN tags, as long as it says to
/// be; `plain` is then what parse() would have found. False: it is something else, or takes a closer look.
inline bool parse_plain_segment(const Frame& frame, PlainSegment& plain) {
    using namespace tcp_flag;
    if (frame.link != LinkType::ethernet || frame.length < 14) return false;
    const PlainIp found = is_ipv4(frame.data + 12) ? plain_ipv4(frame, 14) : plain_ip_in_tags(frame);
    if (found.tcp_at == 0) return false;
    const std::uint8_t* tcp = frame.data + found.tcp_at;
    const std::size_t payload = found.tcp_at + (tcp[12] >> 4) * 4u;
    const bool makes_sense = payload >= found.tcp_at + 20 && payload <= found.end && payload <= frame.length;
    if ((tcp[13] & (syn | fin | rst | ack)) != ack || !makes_sense || found.end > frame.captured) return false;
    plain.tuple = {found.addresses, static_cast<std::uint16_t>(load16(tcp) ^ load16(tcp + 2))};
    plain.wire_length = static_cast<std::uint32_t>(found.end);
    plain.tcp_flags = tcp[13] & all;
    return true;
}

/// Enough to count the packet; it takes part in no connection.
inline void view_to_count(const PlainSegment& plain, PacketView& view) {
    view.packet_class = tally::PacketClass::tcp;
    view.trackable = false;
    view.tcp_flags = plain.tcp_flags;
    view.wire_length = plain.wire_length;
}

}  // namespace rstwatch::packet
