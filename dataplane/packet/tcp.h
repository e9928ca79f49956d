// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "dataplane/packet/cursor.h"
#include "dataplane/packet/packet_view.h"

namespace rstwatch::packet {

inline constexpr std::size_t tcp_header_length = 20;

/// By kind.
inline constexpr std::array<std::uint8_t, 256> known_options = [] {
    std::array<std::uint8_t, 256> known{};
    known[3] = tcp_option::window_scale;  // RFC 7323 section 2
    known[8] = tcp_option::timestamps;    // RFC 7323 section 3
    known[34] = tcp_option::fast_open;    // RFC 7413 section 4.1
    return known;
}();

/// True for the options of nearly every SYN: maximum segment size, SACK permitted, timestamps, no operation, window
/// scale, as Linux (tcp_options_write() of its net/ipv4/tcp_output.c) and Android send them. Told by the bytes that are
/// the same in all, because the way from option to option takes longer than all else that is read of a SYN.
inline bool are_linux_options(const Cursor& options) {
    constexpr std::size_t length = 20;
    if (options.remaining() != length) return false;
    constexpr std::uint32_t size = 0x02040000, size_kept = 0xffff0000, sack_and_timestamps = 0x0402080a;
    constexpr std::uint32_t nop_and_scale = 0x01030300, scale_kept = 0xffffff00;
    const std::uint8_t* bytes = options.data();
    return (((load32(bytes) & size_kept) ^ size) | (load32(bytes + 4) ^ sack_and_timestamps) |
            ((load32(bytes + 16) & scale_kept) ^ nop_and_scale)) == 0;
}

/// The options that tell stacks and scanners apart, from the bytes between header and payload (RFC 9293 section 3.1).
/// An option that lies about its length ends the list: nothing behind it can be trusted.
inline std::uint8_t parse_tcp_options(Cursor options) {
    if (are_linux_options(options)) return tcp_option::timestamps | tcp_option::window_scale;
    std::uint8_t found = 0;
    while (options.has(1)) {
        const std::uint8_t kind = options.data()[0];
        if (kind == 0) break;
        if (kind == 1) {
            options.skip(1);
            continue;
        }
        if (!options.has(2)) break;
        const std::uint8_t length = options.data()[1];
        if (length < 2 || !options.has(length)) break;
        found |= known_options[kind];
        options.skip(length);
    }
    return found;
}

/// RFC 9293 section 3.1. `ip_length` is the length of header and payload as the IP header says, `at` where in the frame
/// they begin. False: fewer than the
/// 20 bytes of a header were captured. A data offset that cannot be (below 5, or behind the segment or what was
/// captured of it) leaves `trackable` false: the packet is counted and takes no part in a connection.
inline bool parse_tcp(const Cursor& cursor, std::uint32_t ip_length, std::size_t at, PacketView& view) {
    if (!cursor.has(tcp_header_length)) return false;
    const std::uint8_t* header = cursor.data();
    view.source_port = load16(header);
    view.destination_port = load16(header + 2);
    view.sequence = load32(header + 4);
    view.acknowledgement = load32(header + 8);
    view.tcp_flags = header[13] & tcp_flag::all;
    view.window = load16(header + 14);
    view.tcp_checksum = load16(header + 16);
    const std::size_t header_length = (header[12] >> 4) * 4u;
    if (header_length < tcp_header_length || header_length > ip_length || !cursor.has(header_length)) return true;
    view.payload_length = static_cast<std::uint32_t>(ip_length - header_length);
    view.payload_at = static_cast<std::uint16_t>(at + header_length);
    if (view.tcp_flags & tcp_flag::syn)
        view.tcp_options = parse_tcp_options(Cursor(header + tcp_header_length, header_length - tcp_header_length));
    view.trackable = true;
    return true;
}

}  // namespace rstwatch::packet
