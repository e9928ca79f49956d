// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/gre.h"

namespace rstwatch::packet {
namespace {

using tally::Tunnel;

namespace gre_flag {
constexpr std::uint16_t checksum = 0x8000, routing = 0x4000, key = 0x2000, sequence = 0x1000, acknowledgement = 0x0080,
                        version = 0x0007;
}  // namespace gre_flag

struct GreHeader {
    std::uint16_t flags;
    std::uint16_t protocol;
};

/// RFC 2784 section 2.3: a receiver drops what has bits set that RFC 1701 meant for source routes.
Decoded skip_header(Layer& layer, const GreHeader& header, std::uint32_t& key) {
    if ((header.flags & gre_flag::routing) != 0) return Decoded::unknown;
    const std::size_t checksum = (header.flags & gre_flag::checksum) != 0 ? 4 : 0;
    const std::size_t key_size = (header.flags & gre_flag::key) != 0 ? 4 : 0;
    const std::size_t sequence = (header.flags & gre_flag::sequence) != 0 ? 4 : 0;
    const std::size_t size = 4 + checksum + key_size + sequence;
    if (!layer.has(size)) return Decoded::cut;
    if (key_size != 0) key = load32(layer.data() + 4 + checksum);
    layer.skip(size);
    return Decoded::next;
}

/// RFC 2637 section 4.1: the key is the payload's length and the call; without a sequence number there is no payload.
Decoded decode_pptp(Layer& layer, const GreHeader& header, PacketView& view) {
    const bool has_payload = (header.flags & gre_flag::key) != 0 && (header.flags & gre_flag::sequence) != 0;
    if (!has_payload || header.protocol != ether_type::ppp) return Decoded::unknown;
    const std::size_t size = (header.flags & gre_flag::acknowledgement) != 0 ? 16 : 12;
    if (!layer.has(size)) return Decoded::cut;
    view.tunnel = Tunnel::pptp;
    view.tunnel_id = load16(layer.data() + 6);
    layer.skip(size);
    layer.type = ether_type::ppp;
    return Decoded::next;
}

/// Type I is a frame right behind GRE; type II is told by GRE's sequence number and has a header of 8 bytes.
Decoded decode_erspan(Layer& layer, bool has_header, PacketView& view) {
    view.tunnel = Tunnel::erspan;
    view.tunnel_id = 0;
    layer.type = ether_type::bridging;
    if (!has_header) return Decoded::next;
    if (!layer.has(8)) return Decoded::cut;
    view.tunnel_id = load16(layer.data() + 2) & 0x03ff;
    layer.skip(8);
    return Decoded::next;
}

/// 12 bytes, 8 more if their last bit says so. The frame type tells an Ethernet frame from a bare IP packet.
Decoded decode_erspan_iii(Layer& layer, PacketView& view) {
    constexpr std::uint16_t has_subheader = 1, frame_type_ip = 2;
    if (!layer.has(12)) return Decoded::cut;
    const std::uint16_t last = load16(layer.data() + 10);
    const std::size_t size = (last & has_subheader) != 0 ? 20 : 12;
    if (!layer.has(size)) return Decoded::cut;
    view.tunnel = Tunnel::erspan;
    view.tunnel_id = load16(layer.data() + 2) & 0x03ff;
    layer.skip(size);
    layer.type = ether_type::bridging;
    if ((last >> 10 & 0x1f) != frame_type_ip) return Decoded::next;
    if (!layer.has(1)) return Decoded::cut;
    layer.type = layer.data()[0] >> 4 == 4 ? ether_type::ipv4 : ether_type::ipv6;
    return Decoded::next;
}

/// Vendors use numbers of their own here, also such as mean something else on Ethernet: what is not named is not known.
bool is_carried(std::uint16_t protocol) {
    switch (protocol) {
        case ether_type::ipv4:
        case ether_type::ipv6:
        case ether_type::bridging:
        case ether_type::vlan:
        case ether_type::mpls:
        case ether_type::mpls_upstream:
        case ether_type::ppp:
        case ether_type::erspan:
        case ether_type::erspan_iii:
            return true;
        default:
            return false;
    }
}

}  // namespace

Decoded decode_gre(Layer& layer, PacketView& view) {
    if (!layer.has(4)) return Decoded::cut;
    const GreHeader header{load16(layer.data()), load16(layer.data() + 2)};
    const unsigned version = header.flags & gre_flag::version;
    if (version == 1) return decode_pptp(layer, header, view);
    if (version != 0 || !is_carried(header.protocol)) return Decoded::unknown;
    std::uint32_t key = 0;
    const Decoded skipped = skip_header(layer, header, key);
    if (skipped != Decoded::next) return skipped;
    if (header.protocol == ether_type::erspan)
        return decode_erspan(layer, (header.flags & gre_flag::sequence) != 0, view);
    if (header.protocol == ether_type::erspan_iii) return decode_erspan_iii(layer, view);
    view.tunnel = Tunnel::gre;
    view.tunnel_id = key;
    layer.type = header.protocol;
    return Decoded::next;
}

}  // namespace rstwatch::packet
