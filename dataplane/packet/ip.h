// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet/layer.h"
#include "dataplane/packet/packet_view.h"

namespace rstwatch::packet {

namespace ip_protocol {  // IANA protocol numbers
inline constexpr std::uint8_t hop_by_hop = 0;
inline constexpr std::uint8_t icmp = 1;
inline constexpr std::uint8_t ipv4 = 4;
inline constexpr std::uint8_t tcp = 6;
inline constexpr std::uint8_t udp = 17;
inline constexpr std::uint8_t ipv6 = 41;
inline constexpr std::uint8_t routing = 43;
inline constexpr std::uint8_t fragment = 44;
inline constexpr std::uint8_t gre = 47;
inline constexpr std::uint8_t authentication = 51;
inline constexpr std::uint8_t icmpv6 = 58;
inline constexpr std::uint8_t destination_options = 60;
inline constexpr std::uint8_t l2tp = 115;
inline constexpr std::uint8_t mobility = 135;
inline constexpr std::uint8_t mpls = 137;
inline constexpr std::uint8_t host_identity = 139;
inline constexpr std::uint8_t shim6 = 140;
}  // namespace ip_protocol

/// Bits of the 16-bit field that holds the fragment offset: RFC 791 section 3.1, RFC 8200 section 4.5.
namespace ip_fragment {
inline constexpr std::uint16_t offset = 0x1fff;
inline constexpr std::uint16_t more = 0x2000;
inline constexpr std::uint16_t offset_v6 = 0xfff8;
inline constexpr std::uint16_t more_v6 = 0x0001;
}  // namespace ip_fragment

/// What an IP header said. The layer stands behind it (and its extension headers) and ends where the datagram ends; the
/// bytes that it still has on the wire are the payload's length.
struct IpPayload {
    enum class Status : std::uint8_t { ok, first_fragment, later_fragment, malformed };

    Status status = Status::malformed;
    std::uint8_t protocol = 0;
    std::uint32_t total = 0;  ///< bytes of the whole packet, its headers included, captured or not
};

/// RFC 791. A total length of 0 is what a sender's kernel writes when the segment is to be cut by the NIC (TSO): then
/// all that is there is the datagram.
inline IpPayload parse_ipv4(Layer& layer, PacketView& view) {
    IpPayload payload;
    if (!layer.has(20)) return payload;
    const std::uint8_t* header = layer.data();
    const std::size_t header_length = (header[0] & 0x0fu) * 4u;
    if (header[0] >> 4 != 4 || header_length < 20 || !layer.has(header_length)) return payload;
    std::size_t total = load16(header + 2);
    if (total == 0) total = layer.length();
    if (total < header_length || total > layer.on_wire) return payload;

    view.ttl = header[8];
    view.ip_id = load16(header + 4);
    view.source = tally::IpAddress::v4(header + 12);
    view.destination = tally::IpAddress::v4(header + 16);
    payload.protocol = header[9];
    payload.total = static_cast<std::uint32_t>(total);
    layer.skip(header_length);
    layer.end_after(total - header_length);
    const std::uint16_t fragment = load16(header + 6);
    payload.status = (fragment & ip_fragment::offset) != 0 ? IpPayload::Status::later_fragment
                     : (fragment & ip_fragment::more) != 0 ? IpPayload::Status::first_fragment
                                                           : IpPayload::Status::ok;
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

/// The length of a jumbogram, from the option in the hop-by-hop options that `header` stands at (RFC 2675 section 2);
/// 0 if there is none. By value, as everything that is not inlined takes a cursor: then the caller's stays in
/// registers.
inline std::size_t jumbo_length(Cursor header) {
    constexpr std::uint8_t pad_1 = 0, jumbo_payload = 0xc2;
    if (!header.has(8) || !header.has(extension_length(ip_protocol::hop_by_hop, header.data()))) return 0;
    Cursor options(header.data() + 2, extension_length(ip_protocol::hop_by_hop, header.data()) - 2);
    while (options.has(2)) {
        const std::size_t length = options.data()[0] == pad_1 ? 1 : options.data()[1] + 2u;
        if (!options.has(length)) break;
        if (options.data()[0] == jumbo_payload && length == 6) return load32(options.data() + 2);
        options.skip(length);
    }
    return 0;
}

/// What a payload length of 0 stands for: a jumbogram, or a segment that the NIC was to cut, which is all that is
/// there.
inline std::size_t unsaid_length(const Layer& layer, std::uint8_t protocol) {
    const std::size_t jumbo = protocol == ip_protocol::hop_by_hop ? jumbo_length(layer.cursor) : 0;
    return jumbo != 0 ? jumbo : layer.length();
}

/// RFC 8200. Every extension header moves the layer by at least 8 bytes, so a chain ends with the packet at the latest.
/// A fragment header that says "all of it" (RFC 6946) makes no fragment.
inline IpPayload parse_ipv6(Layer& layer, PacketView& view) {
    constexpr std::size_t header_length = 40;
    IpPayload payload;
    if (!layer.has(header_length)) return payload;
    const std::uint8_t* header = layer.data();
    if (header[0] >> 4 != 6) return payload;
    view.ttl = header[7];
    view.ip_id = 0;
    view.source = tally::IpAddress::v6(header + 8);
    view.destination = tally::IpAddress::v6(header + 24);
    payload.protocol = header[6];
    layer.skip(header_length);
    std::size_t length = load16(header + 4);
    if (length == 0) length = unsaid_length(layer, payload.protocol);
    if (length > layer.on_wire) return payload;
    payload.total = static_cast<std::uint32_t>(header_length + length);
    layer.end_after(length);

    while (is_extension_header(payload.protocol)) {
        if (!layer.has(8)) return payload;
        const std::uint8_t* extension = layer.data();
        const std::size_t size = extension_length(payload.protocol, extension);
        if (!layer.has(size)) return payload;
        const std::uint16_t fragment = payload.protocol == ip_protocol::fragment ? load16(extension + 2) : 0;
        if ((fragment & ip_fragment::more_v6) != 0) payload.status = IpPayload::Status::first_fragment;
        if ((fragment & ip_fragment::offset_v6) != 0) payload.status = IpPayload::Status::later_fragment;
        payload.protocol = extension[0];
        layer.skip(size);
        if (payload.status == IpPayload::Status::later_fragment) return payload;
    }
    if (payload.status == IpPayload::Status::malformed) payload.status = IpPayload::Status::ok;
    return payload;
}

}  // namespace rstwatch::packet
