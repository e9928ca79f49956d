// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet/cursor.h"
#include "dataplane/packet/packet_view.h"

namespace rstwatch::packet {

namespace ether_type {
inline constexpr std::uint16_t ipv4 = 0x0800;
inline constexpr std::uint16_t ipv6 = 0x86dd;
inline constexpr std::uint16_t vlan = 0x8100;             // IEEE 802.1Q
inline constexpr std::uint16_t provider_bridge = 0x88a8;  // IEEE 802.1ad
inline constexpr std::uint16_t qinq_legacy = 0x9100;      // before 802.1ad
inline constexpr std::uint16_t none = 0;
}  // namespace ether_type

/// Skips the VLAN tags in front of the payload and notes them. `type` is the type field that announced the first one;
/// returns the type of what follows. `complete` becomes false when the frame ends inside a tag.
inline std::uint16_t skip_vlan_tags(std::uint16_t type, Cursor& cursor, PacketView& view, bool& complete) {
    while (type == ether_type::vlan || type == ether_type::provider_bridge || type == ether_type::qinq_legacy) {
        complete = cursor.has(4);
        if (!complete) return ether_type::none;
        if (view.vlan_count < view.vlan.size()) view.vlan[view.vlan_count] = load16(cursor.data()) & 0x0fff;
        if (view.vlan_count < 255) ++view.vlan_count;
        type = load16(cursor.data() + 2);
        cursor.skip(4);
    }
    return type;
}

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

/// Consumes the link header; returns the EtherType of what follows, `none` if the frame ends within it or carries no
/// such type. `complete` tells the two apart.
inline std::uint16_t parse_link(LinkType link, Cursor& cursor, PacketView& view, bool& complete) {
    const auto take = [&](std::size_t header, std::size_t type_offset) {
        complete = cursor.has(header);
        if (!complete) return ether_type::none;
        const std::uint16_t type = load16(cursor.data() + type_offset);
        cursor.skip(header);
        return skip_vlan_tags(type, cursor, view, complete);
    };
    switch (link) {
        case LinkType::ethernet:
            return take(14, 12);
        case LinkType::linux_sll:
            return take(16, 14);
        case LinkType::linux_sll2:
            return take(20, 0);
        case LinkType::raw_ip:
            complete = cursor.has(1);
            return type_of_raw_ip(cursor);
        case LinkType::null_loopback:
        case LinkType::loop: {
            complete = cursor.has(4);
            if (!complete) return ether_type::none;
            const std::uint16_t type = type_of_family(load32(cursor.data()));
            cursor.skip(4);
            return type;
        }
    }
    return ether_type::none;
}

}  // namespace rstwatch::packet
