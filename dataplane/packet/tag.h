// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet/layer.h"
#include "dataplane/packet/packet_view.h"

namespace rstwatch::packet {

inline bool is_vlan_tag(std::uint16_t type) {
    return type == ether_type::vlan || type == ether_type::provider_bridge || type == ether_type::qinq_legacy;
}

/// Without turning the type round first, for which GCC takes a way through memory.
inline bool is_ipv4(const std::uint8_t* type) {
    return type[0] == ether_type::ipv4 >> 8 && type[1] == (ether_type::ipv4 & 0xff);
}

/// Skips the VLAN tags that begin here and notes them. False: the bytes end inside a tag.
inline bool skip_vlan_tags(Layer& layer, PacketView& view) {
    while (is_vlan_tag(layer.type)) {
        if (!layer.has(4)) return false;
        if (view.vlan_count < view.vlan.size()) view.vlan[view.vlan_count] = load16(layer.data()) & 0x0fff;
        if (view.vlan_count < 255) ++view.vlan_count;
        layer.type = load16(layer.data() + 2);
        layer.skip(4);
    }
    return true;
}

/// What else stands between a type field and what it is about: tags of switches, the I-tag of provider backbone
/// bridges, the header of FabricPath, MACsec without encryption, and the LLC header of IEEE 802.3 frames.
Decoded decode_tag(Layer& layer, PacketView& view);

}  // namespace rstwatch::packet
