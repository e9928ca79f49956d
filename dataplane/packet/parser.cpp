// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/parser.h"

#include <optional>

#include "dataplane/packet/fragment.h"
#include "dataplane/packet/gre.h"
#include "dataplane/packet/icmp.h"
#include "dataplane/packet/ip.h"
#include "dataplane/packet/link.h"
#include "dataplane/packet/mpls.h"
#include "dataplane/packet/ppp.h"
#include "dataplane/packet/tag.h"
#include "dataplane/packet/tcp.h"
#include "dataplane/packet/tunnel_ports.h"
#include "dataplane/packet/udp_tunnel.h"

namespace rstwatch::packet {
namespace {

using tally::PacketClass;
using tally::Tunnel;

/// Encapsulations that are followed, whatever they are; what is deeper stays what it is found in. Nobody nests so
/// many, and the bound keeps a hostile frame from costing more than a few hundred nanoseconds.
constexpr unsigned most_encapsulations = 16;

/// True if it is worth looking for a tunnel in this UDP datagram: by its port, or because it begins as IPv6 does, which
/// Teredo sends on any port.
bool may_hold_tunnel(const Cursor& datagram, const TunnelPorts& tunnels) {
    if (!datagram.has(udp_header_length)) return false;
    const std::uint8_t* header = datagram.data();
    if (tunnels.of(load16(header), load16(header + 2)) != Tunnel::none) return true;
    return datagram.has(udp_header_length + 1) && header[udp_header_length] >> 4 == 6;
}

/// Follows one frame down to its innermost IP packet. Where there is none, the class is non_ip, from whatever depth it
/// comes, and whoever stands there decides what that makes of his own packet.
class Descent {
  public:
    /// `trail`, if any, is to hear of every IP header.
    Descent(const Frame& frame, const TunnelPorts& tunnels, PacketView& view, IpTrail* trail = nullptr)
        : begin_(frame.data), tunnels_(tunnels), view_(view), trail_(trail) {}

    PacketClass parse(Layer& layer) {
        const bool is_ip = layer.type == ether_type::ipv4 || layer.type == ether_type::ipv6;
        return is_ip ? parse_ip(layer) : parse_below_ip(layer);
    }

  private:
    PacketClass parse_ip(Layer& layer);
    PacketClass parse_transport(std::uint8_t protocol, Layer& layer, bool v6);
    PacketClass parse_carried(std::uint8_t protocol, Layer& layer, bool v6);
    PacketClass parse_udp(Layer& layer);
    PacketClass parse_below_ip(Layer& layer);
    PacketClass skip_authentication(Layer& layer, bool v6);
    Decoded decode_below_ip(Layer& layer);
    Decoded decode_carried(std::uint8_t protocol, Layer& layer, bool v6);
    PacketClass parse_inner(Layer& layer, Decoded decoded, const PacketView& outer);

    const std::uint8_t* begin_;
    const TunnelPorts& tunnels_;
    PacketView& view_;
    IpTrail* trail_;
    unsigned depth_ = 0;
};

PacketClass Descent::parse_ip(Layer& layer) {
    const bool v6 = layer.type == ether_type::ipv6;
    const auto begin = static_cast<std::size_t>(layer.data() - begin_);
    const IpPayload payload = v6 ? parse_ipv6(layer, view_) : parse_ipv4(layer, view_);
    // Where nobody said that there is IP, what does not look like it is something else.
    if (payload.status == IpPayload::Status::malformed)
        return layer.certain ? PacketClass::malformed : PacketClass::non_ip;
    if (!layer.inside_ip) view_.wire_length = static_cast<std::uint32_t>(begin + payload.total);
    if (trail_ != nullptr && trail_->count < trail_->at.size())
        trail_->at[trail_->count++] = static_cast<std::uint16_t>(begin);
    if (payload.status != IpPayload::Status::ok) {
        view_.fragment_at = static_cast<std::uint16_t>(begin);
        return PacketClass::fragment;
    }
    return parse_transport(payload.protocol, layer, v6);
}

PacketClass Descent::parse_transport(std::uint8_t protocol, Layer& layer, bool v6) {
    switch (protocol) {
        case ip_protocol::tcp:
            return parse_tcp(layer.cursor, static_cast<std::uint32_t>(layer.on_wire),
                             static_cast<std::size_t>(layer.data() - begin_), view_)
                       ? PacketClass::tcp
                       : PacketClass::malformed;
        case ip_protocol::udp:
            return parse_udp(layer);
        case ip_protocol::icmp:
            return v6 ? PacketClass::other_ip : parse_icmp(layer.cursor, v6, view_);
        case ip_protocol::icmpv6:
            return v6 ? parse_icmp(layer.cursor, v6, view_) : PacketClass::other_ip;
        case ip_protocol::authentication:
            return skip_authentication(layer, v6);
        default:
            return parse_carried(protocol, layer, v6);
    }
}

PacketClass Descent::parse_udp(Layer& layer) {
    if (!may_hold_tunnel(layer.cursor, tunnels_)) return PacketClass::other_ip;
    Tunnel tunnel = tunnels_.of(load16(layer.data()), load16(layer.data() + 2));
    layer.skip(udp_header_length);
    if (tunnel == Tunnel::none && is_teredo(layer)) tunnel = Tunnel::teredo;
    const PacketView outer = view_;
    return parse_inner(layer, decode_udp_tunnel(tunnel, layer, view_), outer);
}

/// RFC 4302: in IPv4 it is a protocol like others (in IPv6 an extension header, which has been skipped), and what it
/// protects is to be read all the same.
PacketClass Descent::skip_authentication(Layer& layer, bool v6) {
    if (depth_++ == most_encapsulations) return PacketClass::other_ip;
    const std::size_t size = layer.has(8) ? extension_length(ip_protocol::authentication, layer.data()) : 8;
    if (!layer.has(size)) return PacketClass::malformed;
    const std::uint8_t protocol = layer.data()[0];
    layer.skip(size);
    return parse_transport(protocol, layer, v6);
}

Decoded Descent::decode_carried(std::uint8_t protocol, Layer& layer, bool v6) {
    const auto inside = [&](std::uint16_t type, Tunnel tunnel) {
        layer.type = type;
        view_.tunnel = tunnel;
        view_.tunnel_id = 0;
        return Decoded::next;
    };
    switch (protocol) {
        case ip_protocol::ipv4:
            return inside(ether_type::ipv4, v6 ? Tunnel::four_in_six : Tunnel::ipip);
        case ip_protocol::ipv6:
            return inside(ether_type::ipv6, v6 ? Tunnel::six_in_six : Tunnel::six_in_four);
        case ip_protocol::mpls:
            return inside(ether_type::mpls, Tunnel::mpls);  // RFC 4023
        case ip_protocol::gre:
            return decode_gre(layer, view_);
        case ip_protocol::l2tp:
            return decode_l2tp_over_ip(layer, view_);
        default:
            return Decoded::unknown;
    }
}

PacketClass Descent::parse_carried(std::uint8_t protocol, Layer& layer, bool v6) {
    const PacketView outer = view_;
    layer.certain = true;
    return parse_inner(layer, decode_carried(protocol, layer, v6), outer);
}

/// What an IP packet turned out to carry. Without an IP packet in it, it is itself the innermost one.
PacketClass Descent::parse_inner(Layer& layer, Decoded decoded, const PacketView& outer) {
    layer.inside_ip = true;
    PacketClass inner = PacketClass::non_ip;
    if (decoded == Decoded::next && depth_++ < most_encapsulations) inner = parse(layer);
    if (inner != PacketClass::non_ip) return inner;
    view_ = outer;
    return PacketClass::other_ip;
}

Decoded Descent::decode_below_ip(Layer& layer) {
    switch (layer.type) {
        case ether_type::bridging:
            return skip_ethernet(layer, view_) ? Decoded::next : Decoded::cut;
        case ether_type::mpls:
        case ether_type::mpls_upstream:
            return decode_mpls(layer, view_);
        case ether_type::pppoe_session:
            return decode_pppoe(layer, view_);
        case ether_type::ppp:
            return decode_ppp(layer);
        default:
            return decode_tag(layer, view_);
    }
}

/// A frame that ends within its headers is malformed; within a tunnel that only means that there is no IP packet.
PacketClass Descent::parse_below_ip(Layer& layer) {
    if (layer.type == ether_type::none || depth_++ == most_encapsulations) return PacketClass::non_ip;
    switch (decode_below_ip(layer)) {
        case Decoded::next:
            return parse(layer);
        case Decoded::cut:
            return layer.inside_ip || !layer.certain ? PacketClass::non_ip : PacketClass::malformed;
        case Decoded::unknown:
            break;
    }
    return PacketClass::non_ip;
}

/// The layer behind the link header; nothing if the frame ends within it.
std::optional<Layer> behind_link(const Frame& frame, PacketView& view) {
    Layer layer{Cursor(frame.data, frame.length), frame.on_wire, frame.captured - frame.length};
    if (!parse_link(frame.link, layer, view)) return std::nullopt;
    return layer;
}

}  // namespace

void parse_in_full(const Frame& frame, const TunnelPorts& tunnels, PacketView& view) {
    begin_view(frame, view);
    std::optional<Layer> layer = behind_link(frame, view);
    view.packet_class = layer ? Descent(frame, tunnels, view).parse(*layer) : PacketClass::malformed;
}

IpTrail trace_ip_headers(const Frame& frame, const TunnelPorts& tunnels) {
    PacketView view;
    IpTrail trail;
    std::optional<Layer> layer = behind_link(frame, view);
    if (layer) Descent(frame, tunnels, view, &trail).parse(*layer);
    return trail;
}

}  // namespace rstwatch::packet
