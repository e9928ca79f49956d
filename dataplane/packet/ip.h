// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet/cursor.h"
#include "dataplane/packet/packet_view.h"

namespace rstwatch::packet {

namespace ip_protocol {  // IANA protocol numbers
inline constexpr std::uint8_t hop_by_hop = 0;
inline constexpr std::uint8_t icmp = 1;
inline constexpr std::uint8_t tcp = 6;
inline constexpr std::uint8_t routing = 43;
inline constexpr std::uint8_t fragment = 44;
inline constexpr std::uint8_t authentication = 51;
inline constexpr std::uint8_t icmpv6 = 58;
inline constexpr std::uint8_t destination_options = 60;
inline constexpr std::uint8_t mobility = 135;
inline constexpr std::uint8_t host_identity = 139;
inline constexpr std::uint8_t shim6 = 140;
}  // namespace ip_protocol

/// What an IP header said. The cursor stands behind it (and its extension headers) and ends where the datagram ends or
/// where the capture was cut, whichever is nearer.
struct IpPayload {
    enum class Status : std::uint8_t { ok, later_fragment, malformed };

    Status status = Status::malformed;
    std::uint8_t protocol = 0;
    std::uint32_t length = 0;  ///< bytes behind the IP headers by the IP length, captured or not
};

/// RFC 791. A total length of 0 is what a sender's kernel writes when the segment is to be cut by the NIC (TSO): then
/// the captured bytes are the datagram, `elsewhere` of them behind the cursor's end.
inline IpPayload parse_ipv4(Cursor& cursor, std::size_t elsewhere, PacketView& view) {
    IpPayload payload;
    if (!cursor.has(20)) return payload;
    const std::uint8_t* header = cursor.data();
    const std::size_t header_length = (header[0] & 0x0fu) * 4u;
    if (header[0] >> 4 != 4 || header_length < 20 || !cursor.has(header_length)) return payload;
    std::size_t total = load16(header + 2);
    if (total == 0) total = cursor.remaining() + elsewhere;
    if (total < header_length) return payload;

    view.ttl = header[8];
    view.source = tally::IpAddress::v4(header + 12);
    view.destination = tally::IpAddress::v4(header + 16);
    payload.protocol = header[9];
    payload.length = static_cast<std::uint32_t>(total - header_length);
    cursor.skip(header_length);
    cursor.limit(payload.length);
    const bool first_fragment = (load16(header + 6) & 0x1fff) == 0;
    payload.status = first_fragment ? IpPayload::Status::ok : IpPayload::Status::later_fragment;
    return payload;
}

inline bool is_extension_header(std::uint8_t protocol) {
    switch (protocol) {
        case ip_protocol::hop_by_hop:
        case ip_protocol::routing:
        case ip_protocol::fragment:
        case ip_protocol::authentication:
        case ip_protocol::destination_options:
        case ip_protocol::mobility:
        case ip_protocol::host_identity:
        case ip_protocol::shim6:
            return true;
        default:
            return false;
    }
}

/// Bytes of the extension header of type `protocol` that begins at `header` (RFC 8200 section 4; AH counts in 32-bit
/// words less two, RFC 4302 section 2.2).
inline std::size_t extension_length(std::uint8_t protocol, const std::uint8_t* header) {
    if (protocol == ip_protocol::fragment) return 8;
    if (protocol == ip_protocol::authentication) return (header[1] + 2u) * 4u;
    return (header[1] + 1u) * 8u;
}

/// RFC 8200. Every extension header moves the cursor by at least 8 bytes, so a chain ends with the packet at the
/// latest. A payload length of 0 stands for a jumbogram or a segment that the NIC was to cut: then the captured bytes
/// are the datagram.
inline IpPayload parse_ipv6(Cursor& cursor, std::size_t elsewhere, PacketView& view) {
    constexpr std::size_t header_length = 40;
    IpPayload payload;
    if (!cursor.has(header_length)) return payload;
    const std::uint8_t* header = cursor.data();
    if (header[0] >> 4 != 6) return payload;
    view.ttl = header[7];
    view.source = tally::IpAddress::v6(header + 8);
    view.destination = tally::IpAddress::v6(header + 24);
    payload.protocol = header[6];
    cursor.skip(header_length);
    std::size_t left = load16(header + 4);
    if (left == 0) left = cursor.remaining() + elsewhere;
    cursor.limit(left);

    while (is_extension_header(payload.protocol)) {
        if (!cursor.has(8)) return payload;
        const std::uint8_t* extension = cursor.data();
        const std::size_t length = extension_length(payload.protocol, extension);
        const bool later_fragment = payload.protocol == ip_protocol::fragment && (load16(extension + 2) & 0xfff8) != 0;
        if (later_fragment) {
            payload.status = IpPayload::Status::later_fragment;
            payload.length = static_cast<std::uint32_t>(left - length);
            cursor.skip(length);
            return payload;
        }
        if (length > left || !cursor.has(length)) return payload;
        payload.protocol = extension[0];
        cursor.skip(length);
        left -= length;
    }
    payload.length = static_cast<std::uint32_t>(left);
    payload.status = IpPayload::Status::ok;
    return payload;
}

}  // namespace rstwatch::packet
