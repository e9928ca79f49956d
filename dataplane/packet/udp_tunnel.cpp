// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/udp_tunnel.h"

#include "dataplane/packet/ip.h"
#include "dataplane/packet/link.h"
#include "dataplane/packet/mpls.h"

namespace rstwatch::packet {
namespace {

using tally::Tunnel;

/// RFC 7348 section 5: the I flag says that the network identifier is valid, and must be set.
constexpr std::uint8_t vxlan_has_vni = 0x08;

Decoded decode_vxlan(Layer& layer) {
    if (!layer.has(8)) return Decoded::cut;
    if ((layer.data()[0] & vxlan_has_vni) == 0) return Decoded::unknown;
    layer.skip(8);
    layer.type = ether_type::bridging;
    return Decoded::next;
}

/// draft-ietf-nvo3-vxlan-gpe section 3.2: with the P flag the header says what follows.
Decoded decode_vxlan_gpe(Layer& layer) {
    constexpr std::uint8_t has_next_protocol = 0x04;
    if (!layer.has(8)) return Decoded::cut;
    const std::uint8_t flags = layer.data()[0];
    if ((flags & vxlan_has_vni) == 0) return Decoded::unknown;
    static constexpr std::uint16_t types[] = {ether_type::none,     ether_type::ipv4, ether_type::ipv6,
                                              ether_type::bridging, ether_type::none, ether_type::mpls};
    const std::size_t protocol = (flags & has_next_protocol) != 0 ? layer.data()[3] : 3;
    layer.type = protocol < std::size(types) ? types[protocol] : ether_type::none;
    layer.skip(8);
    return layer.type == ether_type::none ? Decoded::unknown : Decoded::next;
}

/// RFC 8926 section 3.4.
Decoded decode_geneve(Layer& layer) {
    if (!layer.has(8)) return Decoded::cut;
    const std::uint8_t version = layer.data()[0] >> 6;
    const std::size_t size = 8 + (layer.data()[0] & 0x3fu) * 4u;
    layer.type = load16(layer.data() + 2);
    if (version != 0 || layer.type < ether_type::least) return Decoded::unknown;
    if (!layer.has(size)) return Decoded::cut;
    layer.skip(size);
    return Decoded::next;
}

/// 3GPP TS 29.281 section 5.2: extension headers, each with its length in words of 4 bytes first and the type of the
/// next one last. Each is at least a word, so the chain ends with the packet at the latest.
Decoded skip_gtp_extensions(Layer& layer, std::uint8_t type) {
    while (type != 0) {
        if (!layer.has(1)) return Decoded::cut;
        const std::size_t size = layer.data()[0] * 4u;
        if (size == 0) return Decoded::unknown;
        if (!layer.has(size)) return Decoded::cut;
        type = layer.data()[size - 1];
        layer.skip(size);
    }
    return Decoded::next;
}

/// 3GPP TS 29.281 section 5.1. Of all messages a T-PDU is the one that carries a packet, which has no type.
Decoded decode_gtp_u(Layer& layer) {
    constexpr std::uint8_t version_and_protocol = 0xf0, version_1_gtp = 0x30, t_pdu = 255;
    constexpr std::uint8_t has_extension = 0x04, has_optional_fields = 0x07;
    if (!layer.has(8)) return Decoded::cut;
    const std::uint8_t flags = layer.data()[0];
    if ((flags & version_and_protocol) != version_1_gtp || layer.data()[1] != t_pdu) return Decoded::unknown;
    layer.skip(8);
    if ((flags & has_optional_fields) != 0) {
        if (!layer.has(4)) return Decoded::cut;
        const std::uint8_t next = (flags & has_extension) != 0 ? layer.data()[3] : 0;
        layer.skip(4);
        const Decoded skipped = skip_gtp_extensions(layer, next);
        if (skipped != Decoded::next) return skipped;
    }
    layer.type = type_of_raw_ip(layer.cursor);
    return layer.type == ether_type::none ? Decoded::unknown : Decoded::next;
}

/// RFC 4380 section 5.1.1: authentication and origin indications may come before the IPv6 packet, in this order.
Decoded decode_teredo(Layer& layer) {
    constexpr std::uint16_t authentication = 1, origin = 0;
    if (!layer.has(4)) return Decoded::cut;
    if (load16(layer.data()) == authentication) {
        const std::size_t size = 4u + layer.data()[2] + layer.data()[3] + 9u;
        if (!layer.has(size)) return Decoded::cut;
        layer.skip(size);
    }
    if (layer.has(8) && load16(layer.data()) == origin) layer.skip(8);
    layer.type = type_of_raw_ip(layer.cursor);
    return layer.type == ether_type::ipv6 ? Decoded::next : Decoded::unknown;
}

/// draft-massar-v6ops-ayiya-02 section 3: identity of 2^n bytes and signature of n words behind 8 bytes of header.
Decoded decode_ayiya(Layer& layer) {
    constexpr std::uint8_t forward = 1;
    if (!layer.has(8)) return Decoded::cut;
    const std::uint8_t* header = layer.data();
    const std::size_t size = 8 + (std::size_t{1} << (header[0] >> 4)) + (header[1] >> 4) * 4u;
    if ((header[2] & 0x0f) != forward) return Decoded::unknown;
    if (header[3] != ip_protocol::ipv6 && header[3] != ip_protocol::ipv4) return Decoded::unknown;
    layer.type = header[3] == ip_protocol::ipv6 ? ether_type::ipv6 : ether_type::ipv4;
    if (!layer.has(size)) return Decoded::cut;
    layer.skip(size);
    return Decoded::next;
}

/// RFC 2661 section 3.1: a data message of version 2; its optional fields are where its flags say.
Decoded decode_l2tp(Layer& layer, std::uint32_t& id) {
    constexpr std::uint16_t control = 0x8000, has_length = 0x4000, has_sequence = 0x0800, has_offset = 0x0200;
    constexpr std::uint16_t reserved = 0x34f0, version = 0x000f;
    if (!layer.has(2)) return Decoded::cut;
    const std::uint16_t flags = load16(layer.data());
    if ((flags & (control | reserved)) != 0 || (flags & version) != 2) return Decoded::unknown;
    const std::size_t ids = (flags & has_length) != 0 ? 4 : 2;
    std::size_t size = ids + 4 + ((flags & has_sequence) != 0 ? 4 : 0);
    if ((flags & has_offset) != 0) {
        if (!layer.has(size + 2)) return Decoded::cut;
        size += 2u + load16(layer.data() + size);
    }
    if (!layer.has(size)) return Decoded::cut;
    id = load32(layer.data() + ids);
    layer.skip(size);
    layer.type = ether_type::ppp;
    return Decoded::next;
}

Decoded decode(Tunnel tunnel, Layer& layer, std::uint32_t& id) {
    switch (tunnel) {
        case Tunnel::vxlan:
            return decode_vxlan(layer);
        case Tunnel::vxlan_gpe:
            return decode_vxlan_gpe(layer);
        case Tunnel::geneve:
            return decode_geneve(layer);
        case Tunnel::gtp_u:
            return decode_gtp_u(layer);
        case Tunnel::teredo:
            return decode_teredo(layer);
        case Tunnel::ayiya:
            return decode_ayiya(layer);
        case Tunnel::l2tp:
            return decode_l2tp(layer, id);
        default:
            return Decoded::unknown;
    }
}

}  // namespace

Decoded decode_udp_tunnel(Tunnel tunnel, Layer& layer, PacketView& view) {
    const bool has_vni = tunnel == Tunnel::vxlan || tunnel == Tunnel::vxlan_gpe || tunnel == Tunnel::geneve;
    std::uint32_t id = 0;
    if (layer.has(8) && (has_vni || tunnel == Tunnel::gtp_u)) id = load32(layer.data() + 4) >> (has_vni ? 8 : 0);
    layer.certain = false;
    const Decoded decoded = decode(tunnel, layer, id);
    if (decoded != Decoded::next) return decoded;
    view.tunnel = tunnel;
    view.tunnel_id = id;
    return Decoded::next;
}

bool is_teredo(const Layer& layer) {
    constexpr std::uint32_t prefix = 0x20010000;
    if (!layer.has(40) || layer.data()[0] >> 4 != 6 || load16(layer.data() + 4) + 40u != layer.on_wire) return false;
    return load32(layer.data() + 8) == prefix || load32(layer.data() + 24) == prefix;
}

Decoded decode_l2tp_over_ip(Layer& layer, PacketView& view) {
    if (!layer.has(4)) return Decoded::cut;
    const std::uint32_t session = load32(layer.data());
    if (session == 0) return Decoded::unknown;  // a control message
    // Session, cookie of 0, 4 or 8 bytes, sublayer of 0 or 4 bytes.
    for (const std::size_t size : {4u, 8u, 12u, 16u}) {
        if (!looks_like_ethernet(layer, size)) continue;
        view.tunnel = Tunnel::l2tp;
        view.tunnel_id = session;
        layer.skip(size);
        layer.type = ether_type::bridging;
        layer.certain = false;
        return Decoded::next;
    }
    return Decoded::unknown;
}

}  // namespace rstwatch::packet
