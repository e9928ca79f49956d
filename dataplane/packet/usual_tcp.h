// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstring>
#include <type_traits>

#include "dataplane/packet/ip.h"
#include "dataplane/packet/link.h"
#include "dataplane/packet/packet_view.h"
#include "dataplane/packet/tcp.h"

namespace rstwatch::packet {

/// As `view = PacketView{}` does, which GCC makes a `rep stos` of: that alone takes as long as the parsing of a header.
inline void begin_view(const Frame& frame, PacketView& view) {
    static_assert(std::is_trivially_copyable_v<PacketView> && alignof(PacketView) == 32);
    auto* bytes = reinterpret_cast<std::uint8_t*>(&view);
#pragma GCC unroll 4
    for (std::size_t at = 0; at < sizeof(PacketView); at += 32) std::memset(bytes + at, 0, 32);  // a vector each
    view.packet_class = tally::PacketClass::malformed;
    view.wire_length = static_cast<std::uint32_t>(frame.captured);
}

/// The same of what parse_usual_tcp() does not write itself.
inline void begin_usual_view(PacketView& view) {
    constexpr std::size_t from = offsetof(PacketView, tcp_checksum), to = offsetof(PacketView, source);
    static_assert(to - from == 32 && sizeof view.icmp_from == 16 && sizeof(PacketView) == 96);
    auto* bytes = reinterpret_cast<std::uint8_t*>(&view);
    std::memset(bytes + from, 0, to - from);
    view.icmp_from = {};
}

/// Ports, numbers, flags and window of a TCP header, which lie in the view as they lie there but for the order of
/// bytes.
inline void read_tcp_header(const std::uint8_t* header, PacketView& view) {
    static_assert(offsetof(PacketView, source_port) == 0 && offsetof(PacketView, destination_port) == 2 &&
                  offsetof(PacketView, sequence) == 4 && offsetof(PacketView, acknowledgement) == 8 &&
                  offsetof(PacketView, tcp_options) == 12 && offsetof(PacketView, tcp_flags) == 13 &&
                  offsetof(PacketView, window) == 14);
    constexpr char zero = -128;  // in place of the data offset
    const __m128i order = _mm_setr_epi8(1, 0, 3, 2, 7, 6, 5, 4, 11, 10, 9, 8, zero, 13, 15, 14);
    const __m128i kept = _mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, tcp_flag::all, -1, -1);
    const __m128i fields = _mm_loadu_si128(reinterpret_cast<const __m128i*>(header));
    _mm_store_si128(reinterpret_cast<__m128i*>(&view), _mm_and_si128(_mm_shuffle_epi8(fields, order), kept));
}

/// Both addresses of an IPv4 header, mapped.
inline void read_ipv4_addresses(const std::uint8_t* header, PacketView& view) {
    constexpr char zero = -128;
    const __m128i last_of_four = _mm_loadu_si128(reinterpret_cast<const __m128i*>(header + 4));
    const __m128i mapped = _mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 0, 0, 0, 0);
    const auto address = [&](char at) {
        const __m128i order =
            _mm_setr_epi8(zero, zero, zero, zero, zero, zero, zero, zero, zero, zero, zero, zero, at,
                          static_cast<char>(at + 1), static_cast<char>(at + 2), static_cast<char>(at + 3));
        return _mm_or_si128(_mm_shuffle_epi8(last_of_four, order), mapped);
    };
    _mm_storeu_si128(reinterpret_cast<__m128i*>(&view.source), address(8));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(&view.destination), address(12));
}

/// Where the usual TCP segment's header begins, what of it is there, and where the IP packet ends on the wire.
struct UsualTcp {
    std::size_t at = 0;   ///< 0: this is something else
    std::size_t end = 0;  ///< by the IP header's length
};

/// IPv4 without options, whole, with TCP in it.
inline UsualTcp usual_tcp_in_ipv4(const Frame& frame, std::size_t ip, PacketView& view) {
    if (frame.length < ip + 40) return {};
    const std::uint8_t* header = frame.data + ip;
    const std::size_t total = load16(header + 2);
    const bool whole = (load16(header + 6) & (ip_fragment::offset | ip_fragment::more)) == 0;
    const bool usual = header[0] == 0x45 && header[9] == ip_protocol::tcp && whole && total >= 40;
    if (!usual || ip + total > frame.on_wire) return {};
    view.ttl = header[8];
    view.ip_id = load16(header + 4);
    read_ipv4_addresses(header, view);
    return {ip + 20, ip + total};
}

/// IPv6 without extension headers, with TCP in it.
inline UsualTcp usual_tcp_in_ipv6(const Frame& frame, std::size_t ip, PacketView& view) {
    if (frame.length < ip + 60) return {};
    const std::uint8_t* header = frame.data + ip;
    const std::size_t length = load16(header + 4);
    const bool usual = header[0] >> 4 == 6 && header[6] == ip_protocol::tcp && length >= tcp_header_length;
    if (!usual || ip + 40 + length > frame.on_wire) return {};
    view.ttl = header[7];
    view.source = tally::IpAddress::v6(header + 8);
    view.destination = tally::IpAddress::v6(header + 24);
    return {ip + 40, ip + 40 + length};
}

/// Behind VLAN tags, or IPv6.
inline UsualTcp usual_tcp_in_tags(const Frame& frame, PacketView& view) {
    std::size_t ip = 14;
    std::uint16_t type = load16(frame.data + 12);
    for (; is_vlan_tag(type) && view.vlan_count < view.vlan.size(); ++view.vlan_count, ip += 4) {
        if (frame.length < ip + 4) return {};
        view.vlan[view.vlan_count] = load16(frame.data + ip) & 0x0fff;
        type = load16(frame.data + ip + 2);
    }
    if (type == ether_type::ipv4) return usual_tcp_in_ipv4(frame, ip, view);
    return type == ether_type::ipv6 ? usual_tcp_in_ipv6(frame, ip, view) : UsualTcp{};
}

/// Nearly every packet: TCP right behind the Ethernet header and its VLAN tags, nothing cut, nothing that lies. False:
/// it is something else, and nothing in `view` counts; else `view` is exactly what parse_in_full() would have made.
inline bool parse_usual_tcp(const Frame& frame, PacketView& view) {
    if (frame.link != LinkType::ethernet || frame.length < 14) return false;
    begin_usual_view(view);
    const UsualTcp tcp = is_ipv4(frame.data + 12) ? usual_tcp_in_ipv4(frame, 14, view) : usual_tcp_in_tags(frame, view);
    if (tcp.at == 0) return false;

    const std::uint8_t* header = frame.data + tcp.at;
    const std::size_t payload = tcp.at + (header[12] >> 4) * 4u;
    if (payload < tcp.at + tcp_header_length || payload > tcp.end || payload > frame.length) return false;
    view.packet_class = tally::PacketClass::tcp;
    view.trackable = true;
    view.tcp_checksum = load16(header + 16);
    read_tcp_header(header, view);
    view.payload_at = static_cast<std::uint16_t>(payload);
    view.payload_length = static_cast<std::uint32_t>(tcp.end - payload);
    view.wire_length = static_cast<std::uint32_t>(tcp.end);
    if ((header[13] & tcp_flag::syn) != 0) {
        const std::uint8_t* options = header + tcp_header_length;
        view.tcp_options = parse_tcp_options(Cursor(options, payload - tcp.at - tcp_header_length));
    }
    return true;
}

}  // namespace rstwatch::packet
