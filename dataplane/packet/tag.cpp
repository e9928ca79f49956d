// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/tag.h"

namespace rstwatch::packet {
namespace {

using tally::Tunnel;

/// A tag of `size` bytes, the last two of them the type of what follows.
Decoded skip_tag(Layer& layer, std::size_t size) {
    if (!layer.has(size)) return Decoded::cut;
    layer.type = load16(layer.data() + size - 2);
    layer.skip(size);
    return Decoded::next;
}

/// A header of `size` bytes with an Ethernet frame behind it.
Decoded skip_to_frame(Layer& layer, std::size_t size) {
    if (!layer.has(size)) return Decoded::cut;
    layer.type = ether_type::bridging;
    layer.skip(size);
    return Decoded::next;
}

/// Cisco's CMD header, which carries the security group tag: version, length in words of 4 bytes, that many options,
/// the type of what follows.
Decoded decode_cisco_metadata(Layer& layer) {
    if (!layer.has(2)) return Decoded::cut;
    return skip_tag(layer, 2 + layer.data()[1] * 4u + 2);
}

/// IEEE 802.1ah: I-TCI, of which the low 24 bits are the I-SID; the customer's frame follows.
Decoded decode_backbone_service(Layer& layer, PacketView& view) {
    if (!layer.has(4)) return Decoded::cut;
    view.tunnel = Tunnel::provider_bridge;
    view.tunnel_id = load32(layer.data()) & 0xffffff;
    return skip_to_frame(layer, 4);
}

/// The forwarding tag and TTL of FabricPath; the whole frame of the host follows.
Decoded decode_fabric_path(Layer& layer, PacketView& view) {
    view.tunnel = Tunnel::fabric_path;
    view.tunnel_id = 0;
    return skip_to_frame(layer, 2);
}

/// IEEE 802.1AE section 9: with E and C clear the user data is as it was, with only an integrity check behind it.
Decoded decode_macsec(Layer& layer) {
    constexpr std::uint8_t version = 0x80, has_channel = 0x20, encrypted = 0x08, changed = 0x04;
    if (!layer.has(1)) return Decoded::cut;
    const std::uint8_t control = layer.data()[0];
    if ((control & (version | encrypted | changed)) != 0) return Decoded::unknown;
    return skip_tag(layer, ((control & has_channel) != 0 ? 14 : 6) + 2);
}

/// SNAP (RFC 1042): an EtherType in an IEEE 802.3 frame, under its own organisation code or that of 802.1H.
Decoded decode_llc(Layer& layer) {
    constexpr std::uint32_t snap = 0xaaaa0300, ethernet = 0x000000, tunnelled = 0x0000f8;
    if (!layer.has(8)) return Decoded::unknown;
    const std::uint32_t organisation = load32(layer.data() + 2) & 0xffffff;
    if ((load32(layer.data()) & 0xffffff00) != snap || (organisation != ethernet && organisation != tunnelled))
        return Decoded::unknown;
    return skip_tag(layer, 8);
}

}  // namespace

Decoded decode_tag(Layer& layer, PacketView& view) {
    switch (layer.type) {
        case ether_type::vlan:
        case ether_type::provider_bridge:
        case ether_type::qinq_legacy:
            return skip_vlan_tags(layer, view) ? Decoded::next : Decoded::cut;
        case ether_type::cisco_metadata:
            return decode_cisco_metadata(layer);
        case ether_type::vn_tag:
            return skip_tag(layer, 6);
        case ether_type::e_tag:
            return skip_tag(layer, 8);
        case ether_type::backbone_service:
            return decode_backbone_service(layer, view);
        case ether_type::fabric_path:
            return decode_fabric_path(layer, view);
        case ether_type::macsec:
            return decode_macsec(layer);
        default:
            return layer.type < ether_type::least ? decode_llc(layer) : Decoded::unknown;
    }
}

}  // namespace rstwatch::packet
