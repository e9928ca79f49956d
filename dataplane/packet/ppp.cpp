// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/ppp.h"

namespace rstwatch::packet {
namespace {

/// IANA's PPP protocol numbers.
std::uint16_t type_of_ppp_protocol(std::uint16_t protocol) {
    switch (protocol) {
        case 0x0021:
            return ether_type::ipv4;
        case 0x0057:
            return ether_type::ipv6;
        case 0x0281:
            return ether_type::mpls;
        default:
            return ether_type::none;
    }
}

}  // namespace

Decoded decode_ppp(Layer& layer) {
    constexpr std::uint16_t all_stations_unnumbered = 0xff03;  // RFC 1662 section 3.1
    if (layer.has(2) && load16(layer.data()) == all_stations_unnumbered) layer.skip(2);
    if (!layer.has(1)) return Decoded::cut;
    // The first byte of a protocol is even unless it is compressed to one byte (RFC 1661 section 6.5).
    const bool compressed = (layer.data()[0] & 1) != 0;
    if (!compressed && !layer.has(2)) return Decoded::cut;
    layer.type = type_of_ppp_protocol(compressed ? layer.data()[0] : load16(layer.data()));
    layer.skip(compressed ? 1 : 2);
    return layer.type == ether_type::none ? Decoded::unknown : Decoded::next;
}

Decoded decode_pppoe(Layer& layer, PacketView& view) {
    constexpr std::uint8_t version_and_type = 0x11, session_data = 0;
    if (!layer.has(6)) return Decoded::cut;
    if (layer.data()[0] != version_and_type || layer.data()[1] != session_data) return Decoded::unknown;
    view.tunnel = tally::Tunnel::pppoe;
    view.tunnel_id = load16(layer.data() + 2);
    layer.skip(6);
    layer.type = ether_type::ppp;
    return Decoded::next;
}

}  // namespace rstwatch::packet
