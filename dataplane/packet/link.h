// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet/layer.h"
#include "dataplane/packet/packet_view.h"
#include "dataplane/packet/tag.h"

namespace rstwatch::packet {

/// Raw IP carries no type: the version nibble decides.
inline std::uint16_t type_of_raw_ip(const Cursor& cursor) {
    if (!cursor.has(1)) return ether_type::none;
    switch (*cursor.data() >> 4) {
        case 4:
            return ether_type::ipv4;
        case 6:
            return ether_type::ipv6;
        default:
            return ether_type::none;
    }
}

/// BSD loopback: an address family in the byte order of the machine that captured, or (LOOP) in network order. The
/// values of AF_INET6 differ by system: 10 Linux, 24 NetBSD and OpenBSD, 28 FreeBSD, 30 Darwin.
inline std::uint16_t type_of_family(std::uint32_t family) {
    if (family > 0xffff) family = __builtin_bswap32(family);
    switch (family) {
        case 2:
            return ether_type::ipv4;
        case 10:
        case 24:
        case 28:
        case 30:
            return ether_type::ipv6;
        default:
            return ether_type::none;
    }
}

/// Skips a link header that has its EtherType at `type_offset`, and the VLAN tags behind it. False: cut.
inline bool skip_typed_header(Layer& layer, std::size_t header, std::size_t type_offset, PacketView& view) {
    if (!layer.has(header)) return false;
    layer.type = load16(layer.data() + type_offset);
    layer.skip(header);
    return skip_vlan_tags(layer, view);
}

inline bool skip_ethernet(Layer& layer, PacketView& view) {
    return skip_typed_header(layer, 14, 12, view);
}

inline bool skip_loopback(Layer& layer) {
    if (!layer.has(4)) return false;
    layer.type = type_of_family(load32(layer.data()));
    layer.skip(4);
    return true;
}

/// HDLC framing: of PPP (RFC 1662 section 3.1) or, told by the address, of Cisco.
inline bool skip_serial(Layer& layer, PacketView& view) {
    if (!layer.has(2)) return false;
    const std::uint8_t address = layer.data()[0];
    if (address == 0x0f || address == 0x8f) return skip_typed_header(layer, 4, 2, view);
    layer.type = ether_type::ppp;
    return true;
}

/// Consumes the link header and notes what follows. False: the frame ends within it.
inline bool parse_link(LinkType link, Layer& layer, PacketView& view) {
    switch (link) {
        case LinkType::ethernet:
            return skip_ethernet(layer, view);
        case LinkType::linux_sll:
            return skip_typed_header(layer, 16, 14, view);
        case LinkType::linux_sll2:
            return skip_typed_header(layer, 20, 0, view);
        case LinkType::raw_ip:
            layer.type = type_of_raw_ip(layer.cursor);
            return layer.has(1);
        case LinkType::null_loopback:
        case LinkType::loop:
            return skip_loopback(layer);
        case LinkType::ppp:
            layer.type = ether_type::ppp;
            return layer.has(1);
        case LinkType::ppp_serial:
            return skip_serial(layer, view);
        case LinkType::ppp_ether:
            layer.type = ether_type::pppoe_session;
            return layer.has(1);
        case LinkType::cisco_hdlc:
            return skip_typed_header(layer, 4, 2, view);
    }
    return false;
}

}  // namespace rstwatch::packet
