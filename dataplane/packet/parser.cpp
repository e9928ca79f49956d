// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/icmp.h"
#include "dataplane/packet/ip.h"
#include "dataplane/packet/link.h"
#include "dataplane/packet/packet_view.h"
#include "dataplane/packet/tcp.h"

namespace rstwatch::packet {
namespace {

using tally::PacketClass;

/// What an IP datagram carries. Tunnels over IP (GRE, IP in IP, UDP-borne ones) enter here: a decoder moves the cursor
/// to the inner packet and parsing goes on at parse_network().
PacketClass parse_transport(const IpPayload& payload, const Cursor& cursor, bool v6, PacketView& view) {
    switch (payload.protocol) {
        case ip_protocol::tcp:
            return parse_tcp(cursor, payload.length, view) ? PacketClass::tcp : PacketClass::malformed;
        case ip_protocol::icmp:
            return v6 ? PacketClass::other_ip : parse_icmp(cursor, v6, view);
        case ip_protocol::icmpv6:
            return v6 ? parse_icmp(cursor, v6, view) : PacketClass::other_ip;
        default:
            return PacketClass::other_ip;
    }
}

/// What a link layer carries; `elsewhere` captured bytes of it lie behind the cursor's end, out of reach. Tags and
/// labels between link and IP (MPLS, PPPoE, …) enter here, likewise.
PacketClass parse_network(std::uint16_t type, Cursor cursor, std::size_t link_length, std::size_t elsewhere,
                          PacketView& view) {
    if (type != ether_type::ipv4 && type != ether_type::ipv6) return PacketClass::non_ip;
    const bool v6 = type == ether_type::ipv6;
    const std::uint8_t* network = cursor.data();
    const IpPayload payload = v6 ? parse_ipv6(cursor, elsewhere, view) : parse_ipv4(cursor, elsewhere, view);
    if (payload.status == IpPayload::Status::malformed) return PacketClass::malformed;
    view.wire_length =
        static_cast<std::uint32_t>(link_length + static_cast<std::size_t>(cursor.data() - network) + payload.length);
    if (payload.status == IpPayload::Status::later_fragment) return PacketClass::fragment;
    return parse_transport(payload, cursor, v6, view);
}

}  // namespace

void parse(LinkType link, const std::uint8_t* data, std::size_t length, std::size_t captured, PacketView& view) {
    view = PacketView{};
    view.wire_length = static_cast<std::uint32_t>(captured);
    Cursor cursor(data, length);
    bool complete = false;
    const std::uint16_t type = parse_link(link, cursor, view, complete);
    if (!complete) {
        view.packet_class = PacketClass::malformed;
        return;
    }
    const auto link_length = static_cast<std::size_t>(cursor.data() - data);
    view.packet_class = parse_network(type, cursor, link_length, captured - length, view);
}

}  // namespace rstwatch::packet
