// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/mpls.h"

namespace rstwatch::packet {
namespace {

constexpr std::size_t ethernet_header = 14;
constexpr std::size_t control_word = 4;

/// Version, header length and total length of an IP header that makes sense where it stands.
bool looks_like_ip(Layer layer, std::uint16_t type) {
    if (type == ether_type::ipv4) {
        if (!layer.has(20) || layer.data()[0] >> 4 != 4) return false;
        const std::size_t header = (layer.data()[0] & 0x0fu) * 4u;
        const std::size_t total = load16(layer.data() + 2);
        return header >= 20 && total >= header && total <= layer.on_wire;
    }
    return layer.has(40) && layer.data()[0] >> 4 == 6 && load16(layer.data() + 4) + 40u <= layer.on_wire;
}

bool looks_like_ip(const Layer& layer) {
    return looks_like_ip(layer, ether_type::ipv4) || looks_like_ip(layer, ether_type::ipv6);
}

bool looks_like_ethernet_with_ip(const Layer& layer, std::size_t offset) {
    if (!layer.has(offset + ethernet_header)) return false;
    const std::uint16_t type = load16(layer.data() + offset + 12);
    Layer packet = layer;
    packet.skip(offset + ethernet_header);
    return (type == ether_type::ipv4 || type == ether_type::ipv6) && looks_like_ip(packet, type);
}

/// Reads the labels to the bottom of the stack; nothing is noted unless it is there.
bool skip_labels(Layer& layer, std::uint32_t& label) {
    for (bool bottom = false; !bottom; layer.skip(4)) {
        if (!layer.has(4)) return false;
        const std::uint32_t entry = load32(layer.data());
        label = entry >> 12;
        bottom = (entry & 0x100) != 0;
    }
    return true;
}

}  // namespace

bool looks_like_ethernet(const Layer& layer, std::size_t offset) {
    if (!layer.has(offset + ethernet_header)) return false;
    switch (load16(layer.data() + offset + 12)) {
        case ether_type::ipv4:
        case ether_type::ipv6:
            return looks_like_ethernet_with_ip(layer, offset);
        case ether_type::vlan:
        case ether_type::provider_bridge:
        case ether_type::mpls:
        case ether_type::arp:
        case ether_type::pppoe_session:
            return true;
        default:
            return false;
    }
}

Decoded decode_mpls(Layer& layer, PacketView& view) {
    std::uint32_t label = 0;
    if (!skip_labels(layer, label)) return Decoded::cut;
    if (!layer.has(1)) return Decoded::unknown;
    view.tunnel = tally::Tunnel::mpls;
    view.tunnel_id = label;
    layer.certain = false;
    // First what is least likely to be so by chance: an address that begins with 4 or 6 looks like a version.
    if (!looks_like_ethernet_with_ip(layer, 0) && looks_like_ip(layer)) {
        layer.type = layer.data()[0] >> 4 == 4 ? ether_type::ipv4 : ether_type::ipv6;
        return Decoded::next;
    }
    const bool has_control_word = layer.data()[0] >> 4 == 0 && looks_like_ethernet(layer, control_word);
    if (!has_control_word && !looks_like_ethernet(layer, 0)) return Decoded::unknown;
    layer.skip(has_control_word ? control_word : 0);
    layer.type = ether_type::bridging;
    return Decoded::next;
}

}  // namespace rstwatch::packet
