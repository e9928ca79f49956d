// SPDX-License-Identifier: Apache-2.0
#include "tests/support/packet_builder.h"

#include <arpa/inet.h>

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace rstwatch::test {
namespace {

constexpr std::size_t ethernet_minimum = 60;
constexpr std::uint16_t ether_type_ipv4 = 0x0800, ether_type_arp = 0x0806, ether_type_ipv6 = 0x86DD,
                        ether_type_mpls = 0x8847, ether_type_bridging = 0x6558, ether_type_erspan = 0x88BE,
                        ether_type_erspan_iii = 0x22EB, ether_type_ppp = 0x880B, ether_type_pppoe = 0x8864,
                        ether_type_experimental = 0x88B5;
constexpr std::uint16_t ppp_ipv4 = 0x0021, ppp_ipv6 = 0x0057, ppp_mpls = 0x0281, ppp_experimental = 0x0061;
constexpr std::uint8_t protocol_hop_by_hop = 0, protocol_icmp = 1, protocol_ipv4 = 4, protocol_tcp = 6,
                       protocol_udp = 17, protocol_ipv6 = 41, protocol_routing = 43, protocol_fragment = 44,
                       protocol_gre = 47, protocol_authentication = 51, protocol_icmpv6 = 58, protocol_none = 59,
                       protocol_destination = 60, protocol_mpls = 137, protocol_experimental = 253;
constexpr std::uint16_t bit_dont_fragment = 0x4000, bit_more_fragments = 0x2000;

void put8(Bytes& to, std::uint64_t value) {
    to.push_back(static_cast<std::uint8_t>(value));
}

void put16(Bytes& to, std::uint64_t value) {
    put8(to, value >> 8);
    put8(to, value);
}

void put32(Bytes& to, std::uint64_t value) {
    put16(to, value >> 16);
    put16(to, value);
}

void append(Bytes& to, std::span<const std::uint8_t> bytes) {
    to.insert(to.end(), bytes.begin(), bytes.end());
}

void set16(Bytes& in, std::size_t at, std::uint16_t value) {
    in.at(at) = static_cast<std::uint8_t>(value >> 8);
    in.at(at + 1) = static_cast<std::uint8_t>(value);
}

std::span<const std::uint8_t> as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// A length field's value: the lie, or the truth if it can be told in `limit`.
std::uint64_t length_field(std::optional<std::uint16_t> lie, std::size_t truth, std::size_t limit, const char* what) {
    if (lie) return *lie;
    if (truth > limit) throw std::logic_error(std::string(what) + " too long: " + std::to_string(truth));
    return truth;
}

std::uint32_t sum_words(std::span<const std::uint8_t> data, std::uint32_t sum = 0) {
    for (std::size_t i = 0; i < data.size(); ++i)
        sum += i % 2 == 0 ? static_cast<std::uint32_t>(data[i]) << 8 : data[i];
    return sum;
}

std::uint16_t fold(std::uint32_t sum) {
    while (sum >> 16) sum = (sum & 0xFFFF) + (sum >> 16);
    return static_cast<std::uint16_t>(sum);
}

// One struct per header. What is optional follows from the rest of the packet unless it is set.

struct Ethernet {
    PacketBuilder::Mac source{}, destination{};
    std::optional<std::uint16_t> type;
    bool padded = false;
    Bytes trailer;
};
struct Sll {
    std::uint16_t packet_type;
    std::optional<std::uint16_t> type;
};
struct Sll2 {
    std::uint8_t packet_type;
    std::uint32_t interface_index;
    std::optional<std::uint16_t> type;
};
struct Loopback {
    bool little_endian;
    std::uint32_t ipv6_family;
};
struct Vlan {
    std::uint16_t id;
    std::uint8_t priority;
    std::uint16_t tpid;
    std::optional<std::uint16_t> type;
};
struct Mpls {
    std::uint32_t label;
    std::uint8_t ttl;
};
/// A header that ends with the EtherType of what follows, such as a switch's tag; `announced` is its own EtherType.
struct Tag {
    std::uint16_t announced;
    Bytes body;
    std::optional<std::uint16_t> type;
};
/// A header with a whole frame behind it.
struct FrameHeader {
    std::uint16_t announced;
    Bytes body;
};
/// LLC and SNAP: what is in front says how long the frame is.
struct Snap {
    std::optional<std::uint16_t> type;
};
struct Hdlc {
    std::optional<std::uint16_t> type;
};
struct Pppoe {
    std::uint16_t session;
};
struct Ppp {
    bool framed;
    bool compressed;
};
struct Ipv4 {
    Bytes source, destination;
    std::uint8_t ttl = 64, tos = 0;
    std::uint16_t identification = 0, fragment_offset = 0;
    bool dont_fragment = true, more_fragments = false, spoiled = false;
    Bytes options;
    std::optional<std::uint16_t> total_length;
    std::optional<std::uint8_t> header_words, version, protocol;
};
struct Ipv6 {
    Bytes source, destination;
    std::uint8_t hop_limit = 64, traffic_class = 0;
    std::uint32_t flow_label = 0;
    std::optional<std::uint16_t> payload_length;
    std::optional<std::uint8_t> version, next_header;
};
struct Extension {
    std::uint8_t protocol;
    Bytes body;  ///< all but the first byte, which says what comes next
    std::optional<std::uint8_t> next_header;
};
struct Gre {
    std::optional<std::uint32_t> key;
};
struct Pptp {
    std::uint16_t call;
    bool acknowledges;
};
struct Erspan {
    unsigned version;  ///< I, II, III
    std::uint16_t session;
    bool subheader;
};
struct Vxlan {
    std::uint32_t vni;
    bool generic;  ///< says what follows
};
struct Geneve {
    std::uint32_t vni;
    Bytes options;
};
struct GtpU {
    std::uint32_t teid;
    std::size_t extensions;
};
struct Ayiya {};
struct L2tp {
    std::uint16_t tunnel, session;
    bool all_fields;
};
struct Tcp {
    std::uint16_t source_port, destination_port;
    std::uint32_t sequence = 0, acknowledged = 0;
    std::uint8_t flags = 0;
    std::uint16_t window = 64240, urgent = 0;
    Bytes options;
    std::optional<std::uint8_t> data_offset;
    bool spoiled = false, partial = false;
};
struct Udp {
    std::uint16_t source_port, destination_port;
    std::optional<std::uint16_t> length;
    bool spoiled = false, no_checksum = false;
};
struct Icmp {
    std::uint8_t type, code;
    bool echo, reply;
    std::uint32_t second_word;
    bool spoiled = false;
};
struct Arp {
    Bytes sender, target;
    std::uint16_t operation;
};
struct Raw {
    Bytes bytes;
};

using Layer =
    std::variant<Ethernet, Sll, Sll2, Loopback, Vlan, Mpls, Tag, FrameHeader, Snap, Hdlc, Pppoe, Ppp, Ipv4, Ipv6,
                 Extension, Gre, Pptp, Erspan, Vxlan, Geneve, GtpU, Ayiya, L2tp, Tcp, Udp, Icmp, Arp, Raw>;

bool is_ip(const Layer& layer) {
    return std::holds_alternative<Ipv4>(layer) || std::holds_alternative<Ipv6>(layer);
}

std::uint16_t ether_type_of(const Layer* next) {
    if (next == nullptr) return ether_type_experimental;
    if (std::holds_alternative<Ipv4>(*next)) return ether_type_ipv4;
    if (std::holds_alternative<Ipv6>(*next)) return ether_type_ipv6;
    if (std::holds_alternative<Arp>(*next)) return ether_type_arp;
    if (std::holds_alternative<Mpls>(*next)) return ether_type_mpls;
    if (std::holds_alternative<Ethernet>(*next)) return ether_type_bridging;
    if (std::holds_alternative<Pppoe>(*next)) return ether_type_pppoe;
    if (std::holds_alternative<Ppp>(*next)) return ether_type_ppp;
    if (const auto* vlan = std::get_if<Vlan>(next)) return vlan->tpid;
    if (const auto* tag = std::get_if<Tag>(next)) return tag->announced;
    if (const auto* header = std::get_if<FrameHeader>(next)) return header->announced;
    return ether_type_experimental;
}

/// Encodes the layers of one packet, from the innermost one out.
class Encoder {
  public:
    explicit Encoder(const std::vector<Layer>& layers) : layers_(layers) {}

    Bytes encode(std::size_t first) {
        Bytes body;
        for (at_ = layers_.size(); at_-- > first;)
            body = std::visit([&](const auto& layer) { return wrap(layer, std::move(body)); }, layers_[at_]);
        return body;
    }

  private:
    const Layer* next() const { return at_ + 1 < layers_.size() ? &layers_[at_ + 1] : nullptr; }

    const Layer& enclosing_ip() const {
        for (std::size_t i = at_; i-- > 0;)
            if (is_ip(layers_[i])) return layers_[i];
        throw std::logic_error("this header needs an IP header before it");
    }

    std::uint8_t next_protocol(std::optional<std::uint8_t> override) const {
        if (override) return *override;
        if (next() == nullptr) return protocol_none;
        if (const auto* extension = std::get_if<Extension>(next())) return extension->protocol;
        if (const auto* icmp = std::get_if<Icmp>(next())) {
            (void)icmp;
            for (std::size_t i = at_ + 1; i-- > 0;)
                if (is_ip(layers_[i]))
                    return std::holds_alternative<Ipv4>(layers_[i]) ? protocol_icmp : protocol_icmpv6;
        }
        if (std::holds_alternative<Tcp>(*next())) return protocol_tcp;
        if (std::holds_alternative<Udp>(*next())) return protocol_udp;
        if (std::holds_alternative<Ipv4>(*next())) return protocol_ipv4;
        if (std::holds_alternative<Ipv6>(*next())) return protocol_ipv6;
        if (std::holds_alternative<Gre>(*next()) || std::holds_alternative<Pptp>(*next()) ||
            std::holds_alternative<Erspan>(*next()))
            return protocol_gre;
        if (std::holds_alternative<Mpls>(*next())) return protocol_mpls;
        return protocol_experimental;
    }

    /// The sum of the pseudo header of RFC 9293, 3.1 or RFC 8200, 8.1.
    std::uint32_t pseudo_header(std::uint8_t protocol, std::size_t length) const {
        const Layer& ip = enclosing_ip();
        const auto add = [&](const auto& header) {
            return sum_words(header.source,
                             sum_words(header.destination, protocol + static_cast<std::uint32_t>(length)));
        };
        const auto* ipv4 = std::get_if<Ipv4>(&ip);
        return ipv4 != nullptr ? add(*ipv4) : add(std::get<Ipv6>(ip));
    }

    Bytes wrap(const Ethernet& layer, Bytes body) const {
        Bytes out;
        append(out, layer.destination);
        append(out, layer.source);
        const bool says_length = next() != nullptr && std::holds_alternative<Snap>(*next());
        put16(out, says_length ? body.size() : layer.type.value_or(ether_type_of(next())));
        append(out, body);
        if (layer.padded && out.size() < ethernet_minimum) out.resize(ethernet_minimum);
        append(out, layer.trailer);
        return out;
    }

    Bytes wrap(const Sll& layer, Bytes body) const {
        Bytes out;
        put16(out, layer.packet_type);
        put16(out, 1);  // ARPHRD_ETHER
        put16(out, 6);
        append(out, std::array<std::uint8_t, 8>{2, 0, 0, 0, 0, 1, 0, 0});
        put16(out, layer.type.value_or(ether_type_of(next())));
        append(out, body);
        return out;
    }

    Bytes wrap(const Sll2& layer, Bytes body) const {
        Bytes out;
        put16(out, layer.type.value_or(ether_type_of(next())));
        put16(out, 0);
        put32(out, layer.interface_index);
        put16(out, 1);  // ARPHRD_ETHER
        put8(out, layer.packet_type);
        put8(out, 6);
        append(out, std::array<std::uint8_t, 8>{2, 0, 0, 0, 0, 1, 0, 0});
        append(out, body);
        return out;
    }

    Bytes wrap(const Loopback& layer, Bytes body) const {
        const bool ipv6 = next() != nullptr && std::holds_alternative<Ipv6>(*next());
        Bytes out;
        put32(out, ipv6 ? layer.ipv6_family : 2);
        if (layer.little_endian) std::reverse(out.begin(), out.end());
        append(out, body);
        return out;
    }

    Bytes wrap(const Vlan& layer, Bytes body) const {
        Bytes out;
        put16(out, static_cast<std::uint64_t>(layer.priority) << 13 | layer.id);
        put16(out, layer.type.value_or(ether_type_of(next())));
        append(out, body);
        return out;
    }

    Bytes wrap(const Mpls& layer, Bytes body) const {
        const bool bottom = next() == nullptr || !std::holds_alternative<Mpls>(*next());
        Bytes out;
        put32(out, static_cast<std::uint64_t>(layer.label) << 12 | static_cast<std::uint64_t>(bottom) << 8 | layer.ttl);
        append(out, body);
        return out;
    }

    Bytes wrap(const Tag& layer, Bytes body) const {
        Bytes out = layer.body;
        put16(out, layer.type.value_or(ether_type_of(next())));
        append(out, body);
        return out;
    }

    static Bytes wrap(const FrameHeader& layer, const Bytes& body) {
        Bytes out = layer.body;
        append(out, body);
        return out;
    }

    Bytes wrap(const Snap& layer, Bytes body) const {
        Bytes out{0xAA, 0xAA, 0x03, 0, 0, 0};
        put16(out, layer.type.value_or(ether_type_of(next())));
        append(out, body);
        return out;
    }

    Bytes wrap(const Hdlc& layer, Bytes body) const {
        Bytes out{0x0F, 0};  // a unicast frame of Cisco's
        put16(out, layer.type.value_or(ether_type_of(next())));
        append(out, body);
        return out;
    }

    static Bytes wrap(const Pppoe& layer, const Bytes& body) {
        Bytes out{0x11, 0};
        put16(out, layer.session);
        put16(out, length_field(std::nullopt, body.size(), 65535, "PPPoE payload"));
        append(out, body);
        return out;
    }

    Bytes wrap(const Ppp& layer, Bytes body) const {
        std::uint16_t protocol = ppp_experimental;
        if (next() != nullptr && std::holds_alternative<Ipv4>(*next())) protocol = ppp_ipv4;
        if (next() != nullptr && std::holds_alternative<Ipv6>(*next())) protocol = ppp_ipv6;
        if (next() != nullptr && std::holds_alternative<Mpls>(*next())) protocol = ppp_mpls;
        Bytes out;
        if (layer.framed) put16(out, 0xFF03);
        if (layer.compressed && protocol < 256)
            put8(out, protocol);
        else
            put16(out, protocol);
        append(out, body);
        return out;
    }

    Bytes wrap(const Ipv4& layer, Bytes body) const {
        const std::size_t header_size = 20 + layer.options.size();
        if (header_size > 60) throw std::logic_error("IPv4 options longer than 40 bytes");
        Bytes out;
        put8(out, layer.version.value_or(4) << 4 | layer.header_words.value_or(header_size / 4));
        put8(out, layer.tos);
        put16(out, length_field(layer.total_length, header_size + body.size(), 65535, "IPv4 packet"));
        put16(out, layer.identification);
        put16(out, (layer.dont_fragment ? bit_dont_fragment : 0) | (layer.more_fragments ? bit_more_fragments : 0) |
                       layer.fragment_offset);
        put8(out, layer.ttl);
        put8(out, next_protocol(layer.protocol));
        put16(out, 0);
        append(out, layer.source);
        append(out, layer.destination);
        append(out, layer.options);
        set16(out, 10, internet_checksum(out));
        if (layer.spoiled) out[11] ^= 0x55;
        append(out, body);
        return out;
    }

    Bytes wrap(const Ipv6& layer, Bytes body) const {
        Bytes out;
        put32(out, static_cast<std::uint64_t>(layer.version.value_or(6)) << 28 |
                       static_cast<std::uint64_t>(layer.traffic_class) << 20 | layer.flow_label);
        put16(out, length_field(layer.payload_length, body.size(), 65535, "IPv6 payload"));
        put8(out, next_protocol(layer.next_header));
        put8(out, layer.hop_limit);
        append(out, layer.source);
        append(out, layer.destination);
        append(out, body);
        return out;
    }

    Bytes wrap(const Extension& layer, Bytes body) const {
        Bytes out;
        put8(out, next_protocol(layer.next_header));
        append(out, layer.body);
        append(out, body);
        return out;
    }

    Bytes wrap(const Gre& layer, Bytes body) const {
        Bytes out;
        put16(out, layer.key ? 0x2000 : 0);
        put16(out, ether_type_of(next()));
        if (layer.key) put32(out, *layer.key);
        append(out, body);
        return out;
    }

    static Bytes wrap(const Pptp& layer, const Bytes& body) {
        Bytes out;
        put16(out, layer.acknowledges ? 0x3081 : 0x3001);  // version 1, with key and sequence number
        put16(out, ether_type_ppp);
        put16(out, length_field(std::nullopt, body.size(), 65535, "PPTP payload"));
        put16(out, layer.call);
        put32(out, 1);
        if (layer.acknowledges) put32(out, 7);
        append(out, body);
        return out;
    }

    Bytes wrap(const Erspan& layer, Bytes body) const {
        Bytes out;
        put16(out, layer.version == 1 ? 0 : 0x1000);  // GRE with a sequence number
        put16(out, layer.version == 3 ? ether_type_erspan_iii : ether_type_erspan);
        if (layer.version > 1) {
            put32(out, 1);
            put16(out, layer.version == 2 ? 0x1000 : 0x2000);
            put16(out, layer.session & 0x03FF);
            put32(out, 0);
        }
        if (layer.version == 3) {
            const bool is_packet = next() != nullptr && is_ip(*next());
            put16(out, 0);  // security group tag
            put16(out, (is_packet ? 2 << 10 : 0) | (layer.subheader ? 1 : 0));
            if (layer.subheader) append(out, Bytes(8, 0x5A));
        }
        append(out, body);
        return out;
    }

    Bytes wrap(const Vxlan& layer, Bytes body) const {
        std::uint32_t protocol = 3;
        if (next() != nullptr && std::holds_alternative<Ipv4>(*next())) protocol = 1;
        if (next() != nullptr && std::holds_alternative<Ipv6>(*next())) protocol = 2;
        if (next() != nullptr && std::holds_alternative<Mpls>(*next())) protocol = 5;
        Bytes out;
        put32(out, layer.generic ? 0x0C000000 | protocol : 0x08000000);
        put32(out, static_cast<std::uint64_t>(layer.vni) << 8);
        append(out, body);
        return out;
    }

    Bytes wrap(const Geneve& layer, Bytes body) const {
        Bytes out;
        put8(out, layer.options.size() / 4);
        put8(out, 0);
        put16(out, ether_type_of(next()));
        put32(out, static_cast<std::uint64_t>(layer.vni) << 8);
        append(out, layer.options);
        append(out, body);
        return out;
    }

    Bytes wrap(const GtpU& layer, Bytes body) const {
        Bytes out;
        const std::size_t optional = layer.extensions > 0 ? 4 + 8 * layer.extensions : 0;
        put8(out, layer.extensions > 0 ? 0x34 : 0x30);
        put8(out, 0xFF);
        put16(out, length_field(std::nullopt, optional + body.size(), 65535, "GTP-U payload"));
        put32(out, layer.teid);
        if (layer.extensions > 0) put32(out, 0x85);  // next: a PDU session container
        for (std::size_t i = 1; i <= layer.extensions; ++i) {
            append(out, Bytes{2, 0x10, 9, 0, 0, 0, 0});
            put8(out, i < layer.extensions ? 0x85 : 0);
        }
        append(out, body);
        return out;
    }

    Bytes wrap(const Ayiya&, Bytes body) const {
        const bool ipv4 = next() != nullptr && std::holds_alternative<Ipv4>(*next());
        Bytes out{0x41, 0x52, 0x11};  // identity of 16 bytes, signature of 20, forward
        put8(out, ipv4 ? protocol_ipv4 : protocol_ipv6);
        out.resize(8 + 16 + 20, 0x3C);
        append(out, body);
        return out;
    }

    static Bytes wrap(const L2tp& layer, const Bytes& body) {
        Bytes out;
        put16(out, layer.all_fields ? 0x4A02 : 0x0002);
        if (layer.all_fields) put16(out, 2 + 2 + 4 + 4 + 2 + 3 + body.size());
        put16(out, layer.tunnel);
        put16(out, layer.session);
        if (layer.all_fields) {
            put32(out, 0x00010002);  // sequence numbers
            put16(out, 3);           // offset, and the padding that it says
            append(out, Bytes(3, 0xEE));
        }
        append(out, body);
        return out;
    }

    Bytes wrap(const Tcp& layer, Bytes body) const {
        const std::size_t header_size = 20 + layer.options.size();
        if (header_size > 60 && !layer.data_offset) throw std::logic_error("TCP options longer than 40 bytes");
        Bytes out;
        put16(out, layer.source_port);
        put16(out, layer.destination_port);
        put32(out, layer.sequence);
        put32(out, layer.acknowledged);
        put8(out, static_cast<std::uint64_t>(layer.data_offset.value_or(header_size / 4)) << 4);
        put8(out, layer.flags);
        put16(out, layer.window);
        put16(out, 0);
        put16(out, layer.urgent);
        append(out, layer.options);
        append(out, body);
        const std::uint32_t pseudo = pseudo_header(protocol_tcp, out.size());
        set16(out, 16, layer.partial ? fold(pseudo) : static_cast<std::uint16_t>(~fold(sum_words(out, pseudo))));
        if (layer.spoiled) out[17] ^= 0x55;
        return out;
    }

    Bytes wrap(const Udp& layer, Bytes body) const {
        Bytes out;
        put16(out, layer.source_port);
        put16(out, layer.destination_port);
        put16(out, length_field(layer.length, 8 + body.size(), 65535, "UDP datagram"));
        put16(out, 0);
        append(out, body);
        if (layer.no_checksum) return out;
        const std::uint16_t sum = ~fold(sum_words(out, pseudo_header(protocol_udp, out.size())));
        set16(out, 6, sum == 0 ? 0xFFFF : sum);  // RFC 768: 0 would say that there is none
        if (layer.spoiled) out[7] ^= 0x55;
        return out;
    }

    Bytes wrap(const Icmp& layer, Bytes body) const {
        const bool ipv6 = std::holds_alternative<Ipv6>(enclosing_ip());
        Bytes out;
        if (layer.echo)
            put8(out, ipv6 ? (layer.reply ? 129 : 128) : (layer.reply ? 0 : 8));
        else
            put8(out, layer.type);
        put8(out, layer.code);
        put16(out, 0);
        put32(out, layer.second_word);
        append(out, body);
        const std::uint32_t pseudo = ipv6 ? pseudo_header(protocol_icmpv6, out.size()) : 0;
        set16(out, 2, ~fold(sum_words(out, pseudo)));
        if (layer.spoiled) out[3] ^= 0x55;
        return out;
    }

    static Bytes wrap(const Arp& layer, Bytes body) {
        Bytes out;
        put16(out, 1);
        put16(out, ether_type_ipv4);
        put8(out, 6);
        put8(out, 4);
        put16(out, layer.operation);
        append(out, std::array<std::uint8_t, 6>{2, 0, 0, 0, 0, 1});
        append(out, layer.sender);
        append(out, std::array<std::uint8_t, 6>{});
        append(out, layer.target);
        append(out, body);
        return out;
    }

    static Bytes wrap(const Raw& layer, const Bytes& body) {
        Bytes out = layer.bytes;
        append(out, body);
        return out;
    }

    const std::vector<Layer>& layers_;
    std::size_t at_ = 0;
};

}  // namespace

struct PacketBuilder::Layers {
    std::vector<Layer> all;

    template <typename T>
    T& nearest(const char* name) {
        for (auto layer = all.rbegin(); layer != all.rend(); ++layer)
            if (auto* found = std::get_if<T>(&*layer)) return *found;
        throw std::logic_error(std::string("no ") + name + " header to set a field of");
    }

    Tcp& tcp() { return nearest<Tcp>("TCP"); }
    Ipv4& ipv4() { return nearest<Ipv4>("IPv4"); }

    std::size_t first_ip() const {
        const auto found = std::find_if(all.begin(), all.end(), is_ip);
        if (found == all.end()) throw std::logic_error("no IP header in this packet");
        return static_cast<std::size_t>(found - all.begin());
    }

    std::size_t last_ip() const {
        for (std::size_t i = all.size(); i-- > 0;)
            if (is_ip(all[i])) return i;
        throw std::logic_error("no IP header in this packet");
    }

    /// Calls one of the two with the nearest IP header.
    template <typename V4, typename V6>
    void with_ip(V4 on_ipv4, V6 on_ipv6) {
        Layer& ip = all[last_ip()];
        if (auto* ipv4 = std::get_if<Ipv4>(&ip))
            on_ipv4(*ipv4);
        else
            on_ipv6(std::get<Ipv6>(ip));
    }

    void add_option(std::uint8_t kind, std::span<const std::uint8_t> value) {
        Bytes& options = tcp().options;
        put8(options, kind);
        put8(options, 2 + value.size());
        append(options, value);
    }
};

std::uint16_t internet_checksum(std::span<const std::uint8_t> data) {
    return static_cast<std::uint16_t>(~fold(sum_words(data)));
}

Bytes address_bytes(std::string_view text) {
    const std::string terminated(text);
    Bytes bytes(16);
    if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1) return bytes;
    bytes.resize(4);
    if (inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1) return bytes;
    throw std::invalid_argument("not an IP address: " + terminated);
}

PacketBuilder::PacketBuilder() : layers_(std::make_unique<Layers>()) {}
PacketBuilder::PacketBuilder(const PacketBuilder& other) : layers_(std::make_unique<Layers>(*other.layers_)) {}
PacketBuilder::PacketBuilder(PacketBuilder&& other) noexcept = default;
PacketBuilder& PacketBuilder::operator=(const PacketBuilder& other) {
    if (this != &other) layers_ = std::make_unique<Layers>(*other.layers_);
    return *this;
}
PacketBuilder& PacketBuilder::operator=(PacketBuilder&& other) noexcept = default;
PacketBuilder::~PacketBuilder() = default;

// ------------------------------------------------------------------------------------------------------- link layers

PacketBuilder& PacketBuilder::link(LinkType type) {
    switch (type) {
        case LinkType::ethernet:
            return ethernet();
        case LinkType::linux_sll:
            return linux_sll();
        case LinkType::linux_sll2:
            return linux_sll2();
        case LinkType::null:
            return null_loopback();
        case LinkType::loop:
            return loop();
        case LinkType::raw_ip:
            return *this;
        case LinkType::ppp:
            return ppp();
        case LinkType::ppp_serial:
            return ppp(true);
        case LinkType::ppp_ether:
            return pppoe(1);
        case LinkType::cisco_hdlc:
            return cisco_hdlc();
    }
    throw std::logic_error("unknown link type");
}

PacketBuilder& PacketBuilder::ethernet() {
    return ethernet({2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2});
}

PacketBuilder& PacketBuilder::ethernet(const Mac& source, const Mac& destination) {
    layers_->all.emplace_back(Ethernet{source, destination, {}, false, {}});
    return *this;
}

PacketBuilder& PacketBuilder::ether_type(std::uint16_t type) {
    if (layers_->all.empty()) throw std::logic_error("no link header to set the type of");
    std::visit(
        [&](auto& layer) {
            if constexpr (requires { layer.type.emplace(type); })
                layer.type = type;
            else
                throw std::logic_error("the last header has no EtherType");
        },
        layers_->all.back());
    return *this;
}

PacketBuilder& PacketBuilder::pad_to_60() {
    layers_->nearest<Ethernet>("Ethernet").padded = true;
    return *this;
}

PacketBuilder& PacketBuilder::trailer(std::span<const std::uint8_t> bytes) {
    layers_->nearest<Ethernet>("Ethernet").trailer.assign(bytes.begin(), bytes.end());
    return *this;
}

PacketBuilder& PacketBuilder::linux_sll(std::uint16_t packet_type) {
    layers_->all.emplace_back(Sll{packet_type, {}});
    return *this;
}

PacketBuilder& PacketBuilder::linux_sll2(std::uint8_t packet_type, std::uint32_t interface_index) {
    layers_->all.emplace_back(Sll2{packet_type, interface_index, {}});
    return *this;
}

PacketBuilder& PacketBuilder::null_loopback(bool swapped, std::uint32_t ipv6_family) {
    const bool little_endian = (std::endian::native == std::endian::little) != swapped;
    layers_->all.emplace_back(Loopback{little_endian, ipv6_family});
    return *this;
}

PacketBuilder& PacketBuilder::loop() {
    layers_->all.emplace_back(Loopback{false, 24});
    return *this;
}

PacketBuilder& PacketBuilder::vlan(std::uint16_t id, std::uint8_t priority, std::uint16_t tpid) {
    layers_->all.emplace_back(Vlan{id, priority, tpid, {}});
    return *this;
}

PacketBuilder& PacketBuilder::qinq(std::uint16_t outer, std::uint16_t inner) {
    return vlan(outer, 0, 0x88A8).vlan(inner);
}

PacketBuilder& PacketBuilder::mpls(std::uint32_t label, std::uint8_t ttl) {
    layers_->all.emplace_back(Mpls{label, ttl});
    return *this;
}

PacketBuilder& PacketBuilder::pseudowire() {
    return payload(Bytes(4, 0));
}

PacketBuilder& PacketBuilder::snap() {
    layers_->all.emplace_back(Snap{});
    return *this;
}

PacketBuilder& PacketBuilder::security_group(std::uint16_t tag) {
    Bytes body{1, 1, 0, 1};  // version, length in words, option type
    put16(body, tag);
    layers_->all.emplace_back(Tag{0x8909, std::move(body), {}});
    return *this;
}

PacketBuilder& PacketBuilder::vn_tag() {
    layers_->all.emplace_back(Tag{0x8926, Bytes{0, 0x12, 0, 0x34}, {}});
    return *this;
}

PacketBuilder& PacketBuilder::e_tag() {
    layers_->all.emplace_back(Tag{0x893F, Bytes{0, 0, 0x12, 0x34, 0, 0}, {}});
    return *this;
}

PacketBuilder& PacketBuilder::macsec(std::uint8_t control) {
    Bytes body{control, 0, 0, 0, 0, 1};
    if ((control & 0x20) != 0) append(body, Bytes(8, 0x77));
    layers_->all.emplace_back(Tag{0x88E5, std::move(body), {}});
    return *this;
}

PacketBuilder& PacketBuilder::provider_backbone(std::uint32_t service) {
    Bytes body;
    put32(body, service & 0xFFFFFF);
    layers_->all.emplace_back(FrameHeader{0x88E7, std::move(body)});
    return *this;
}

PacketBuilder& PacketBuilder::fabric_path() {
    layers_->all.emplace_back(FrameHeader{0x8903, Bytes{0x00, 0x60}});
    return *this;
}

PacketBuilder& PacketBuilder::pppoe(std::uint16_t session) {
    layers_->all.emplace_back(Pppoe{session});
    return ppp();
}

PacketBuilder& PacketBuilder::ppp(bool framed, bool compressed) {
    layers_->all.emplace_back(Ppp{framed, compressed});
    return *this;
}

PacketBuilder& PacketBuilder::cisco_hdlc() {
    layers_->all.emplace_back(Hdlc{});
    return *this;
}

// ----------------------------------------------------------------------------------------------------------------- IP

PacketBuilder& PacketBuilder::ipv4(std::string_view source, std::string_view destination) {
    Ipv4 layer;
    layer.source = address_bytes(source);
    layer.destination = address_bytes(destination);
    if (layer.source.size() != 4 || layer.destination.size() != 4)
        throw std::invalid_argument("IPv4 with IPv6 address");
    layers_->all.emplace_back(std::move(layer));
    return *this;
}

PacketBuilder& PacketBuilder::ttl(std::uint8_t hops) {
    layers_->with_ip([&](Ipv4& ip) { ip.ttl = hops; }, [&](Ipv6& ip) { ip.hop_limit = hops; });
    return *this;
}

PacketBuilder& PacketBuilder::identification(std::uint16_t id) {
    layers_->ipv4().identification = id;
    return *this;
}

PacketBuilder& PacketBuilder::dont_fragment(bool set) {
    layers_->ipv4().dont_fragment = set;
    return *this;
}

PacketBuilder& PacketBuilder::more_fragments(bool set) {
    layers_->ipv4().more_fragments = set;
    return *this;
}

PacketBuilder& PacketBuilder::fragment_offset(std::uint16_t units_of_8_bytes) {
    layers_->ipv4().fragment_offset = units_of_8_bytes & 0x1FFF;
    return *this;
}

PacketBuilder& PacketBuilder::tos(std::uint8_t value) {
    layers_->with_ip([&](Ipv4& ip) { ip.tos = value; }, [&](Ipv6& ip) { ip.traffic_class = value; });
    return *this;
}

PacketBuilder& PacketBuilder::ip_options(std::span<const std::uint8_t> bytes) {
    Bytes& options = layers_->ipv4().options;
    append(options, bytes);
    options.resize((options.size() + 3) / 4 * 4);
    return *this;
}

PacketBuilder& PacketBuilder::ip_options(std::initializer_list<std::uint8_t> bytes) {
    return ip_options(std::span(bytes.begin(), bytes.size()));
}

PacketBuilder& PacketBuilder::total_length(std::uint16_t lie) {
    layers_->ipv4().total_length = lie;
    return *this;
}

PacketBuilder& PacketBuilder::ip_header_words(std::uint8_t lie) {
    layers_->ipv4().header_words = lie & 0x0F;
    return *this;
}

PacketBuilder& PacketBuilder::ip_version(std::uint8_t lie) {
    layers_->with_ip([&](Ipv4& ip) { ip.version = lie; }, [&](Ipv6& ip) { ip.version = lie; });
    return *this;
}

PacketBuilder& PacketBuilder::ip_protocol(std::uint8_t lie) {
    if (auto* extension = std::get_if<Extension>(&layers_->all.back())) {
        extension->next_header = lie;
        return *this;
    }
    layers_->with_ip([&](Ipv4& ip) { ip.protocol = lie; }, [&](Ipv6& ip) { ip.next_header = lie; });
    return *this;
}

PacketBuilder& PacketBuilder::ipv6(std::string_view source, std::string_view destination) {
    Ipv6 layer;
    layer.source = address_bytes(source);
    layer.destination = address_bytes(destination);
    if (layer.source.size() != 16 || layer.destination.size() != 16)
        throw std::invalid_argument("IPv6 with IPv4 address");
    layers_->all.emplace_back(std::move(layer));
    return *this;
}

PacketBuilder& PacketBuilder::payload_length(std::uint16_t lie) {
    layers_->nearest<Ipv6>("IPv6").payload_length = lie;
    return *this;
}

PacketBuilder& PacketBuilder::flow_label(std::uint32_t value) {
    layers_->nearest<Ipv6>("IPv6").flow_label = value & 0xFFFFF;
    return *this;
}

namespace {

/// Hop-by-hop or destination options that hold nothing but padding (RFC 8200, 4.2).
Extension padding_options(std::uint8_t protocol, std::size_t extra_units) {
    Bytes body(7 + 8 * extra_units);
    body[0] = static_cast<std::uint8_t>(extra_units);
    std::size_t at = 1;
    while (at < body.size()) {  // PadN says at most 255 bytes
        const std::size_t filled = std::min<std::size_t>(body.size() - at, 257);
        if (filled == 1) break;  // a single zero byte is Pad1
        body[at] = 1;
        body[at + 1] = static_cast<std::uint8_t>(filled - 2);
        at += filled;
    }
    return {protocol, std::move(body), {}};
}

}  // namespace

PacketBuilder& PacketBuilder::hop_by_hop(std::size_t extra_units_of_8_bytes) {
    layers_->all.emplace_back(padding_options(protocol_hop_by_hop, extra_units_of_8_bytes));
    return *this;
}

PacketBuilder& PacketBuilder::routing(std::uint8_t type, std::uint8_t segments_left) {
    Bytes body{2, type, segments_left, 0, 0, 0, 0};
    append(body, layers_->nearest<Ipv6>("IPv6").destination);
    layers_->all.emplace_back(Extension{protocol_routing, std::move(body), {}});
    return *this;
}

PacketBuilder& PacketBuilder::destination_options(std::size_t extra_units_of_8_bytes) {
    layers_->all.emplace_back(padding_options(protocol_destination, extra_units_of_8_bytes));
    return *this;
}

PacketBuilder& PacketBuilder::fragment_header(std::uint16_t units_of_8_bytes, bool more, std::uint32_t id) {
    Bytes body{0};
    put16(body, static_cast<std::uint64_t>(units_of_8_bytes) << 3 | static_cast<std::uint64_t>(more));
    put32(body, id);
    layers_->all.emplace_back(Extension{protocol_fragment, std::move(body), {}});
    return *this;
}

PacketBuilder& PacketBuilder::authentication_header(std::size_t digest_bytes) {
    const std::size_t words = (12 + digest_bytes + 3) / 4;
    Bytes body;
    put8(body, words - 2);
    put16(body, 0);
    put32(body, 0x01020304);  // security parameters index
    put32(body, 1);           // sequence number
    body.resize(words * 4 - 1, 0xA5);
    layers_->all.emplace_back(Extension{protocol_authentication, std::move(body), {}});
    return *this;
}

PacketBuilder& PacketBuilder::extension_length(std::uint8_t lie) {
    layers_->nearest<Extension>("extension").body.at(0) = lie;
    return *this;
}

// ------------------------------------------------------------------------------------------------------------ tunnels

PacketBuilder& PacketBuilder::gre(std::optional<std::uint32_t> key) {
    layers_->all.emplace_back(Gre{key});
    return *this;
}

PacketBuilder& PacketBuilder::pptp(std::uint16_t call, bool acknowledges) {
    layers_->all.emplace_back(Pptp{call, acknowledges});
    return ppp(true);
}

PacketBuilder& PacketBuilder::erspan_i() {
    layers_->all.emplace_back(Erspan{1, 0, false});
    return *this;
}

PacketBuilder& PacketBuilder::erspan(std::uint16_t session) {
    layers_->all.emplace_back(Erspan{2, session, false});
    return *this;
}

PacketBuilder& PacketBuilder::erspan_iii(std::uint16_t session, bool subheader) {
    layers_->all.emplace_back(Erspan{3, session, subheader});
    return *this;
}

PacketBuilder& PacketBuilder::vxlan(std::uint32_t vni) {
    layers_->all.emplace_back(Vxlan{vni, false});
    return *this;
}

PacketBuilder& PacketBuilder::vxlan_gpe(std::uint32_t vni) {
    layers_->all.emplace_back(Vxlan{vni, true});
    return *this;
}

PacketBuilder& PacketBuilder::geneve(std::uint32_t vni, std::span<const std::uint8_t> options) {
    Bytes padded(options.begin(), options.end());
    padded.resize((padded.size() + 3) / 4 * 4);
    layers_->all.emplace_back(Geneve{vni, std::move(padded)});
    return *this;
}

PacketBuilder& PacketBuilder::gtp_u(std::uint32_t teid, std::size_t extensions) {
    layers_->all.emplace_back(GtpU{teid, extensions});
    return *this;
}

PacketBuilder& PacketBuilder::teredo(bool authentication, bool origin) {
    if (authentication) payload(Bytes{0, 1, 2, 3, 'i', 'd', 'k', 'e', 'y', 0, 0, 0, 0, 0, 0, 0, 1, 0});
    if (origin) payload(Bytes{0, 0, 0xAB, 0xCD, 1, 2, 3, 4});
    return *this;
}

PacketBuilder& PacketBuilder::ayiya() {
    layers_->all.emplace_back(Ayiya{});
    return *this;
}

PacketBuilder& PacketBuilder::l2tp(std::uint16_t tunnel, std::uint16_t session, bool all_fields) {
    layers_->all.emplace_back(L2tp{tunnel, session, all_fields});
    return *this;
}

PacketBuilder& PacketBuilder::l2tp_over_ip(std::uint32_t session, std::size_t cookie_and_sublayer) {
    ip_protocol(115);
    Bytes header;
    put32(header, session);
    header.resize(4 + cookie_and_sublayer, 0xC0);
    return payload(header);
}

// ---------------------------------------------------------------------------------------------------------------- TCP

PacketBuilder& PacketBuilder::tcp(std::uint16_t source_port, std::uint16_t destination_port) {
    Tcp layer{};
    layer.source_port = source_port;
    layer.destination_port = destination_port;
    layers_->all.emplace_back(std::move(layer));
    return *this;
}

PacketBuilder& PacketBuilder::seq(std::uint32_t number) {
    layers_->tcp().sequence = number;
    return *this;
}

PacketBuilder& PacketBuilder::ack(std::uint32_t number) {
    layers_->tcp().flags |= flag::ack;
    return ack_number(number);
}

PacketBuilder& PacketBuilder::ack_number(std::uint32_t number) {
    layers_->tcp().acknowledged = number;
    return *this;
}

PacketBuilder& PacketBuilder::syn() {
    return flags(layers_->tcp().flags | flag::syn);
}
PacketBuilder& PacketBuilder::fin() {
    return flags(layers_->tcp().flags | flag::fin);
}
PacketBuilder& PacketBuilder::rst() {
    return flags(layers_->tcp().flags | flag::rst);
}
PacketBuilder& PacketBuilder::psh() {
    return flags(layers_->tcp().flags | flag::psh);
}
PacketBuilder& PacketBuilder::ece() {
    return flags(layers_->tcp().flags | flag::ece);
}
PacketBuilder& PacketBuilder::cwr() {
    return flags(layers_->tcp().flags | flag::cwr);
}

PacketBuilder& PacketBuilder::urg(std::uint16_t pointer) {
    layers_->tcp().urgent = pointer;
    return flags(layers_->tcp().flags | flag::urg);
}

PacketBuilder& PacketBuilder::flags(std::uint8_t all) {
    layers_->tcp().flags = all;
    return *this;
}

PacketBuilder& PacketBuilder::window(std::uint16_t value) {
    layers_->tcp().window = value;
    return *this;
}

PacketBuilder& PacketBuilder::mss(std::uint16_t bytes) {
    Bytes value;
    put16(value, bytes);
    layers_->add_option(2, value);
    return *this;
}

PacketBuilder& PacketBuilder::window_scale(std::uint8_t shift) {
    layers_->add_option(3, std::array<std::uint8_t, 1>{shift});
    return *this;
}

PacketBuilder& PacketBuilder::sack_permitted() {
    layers_->add_option(4, {});
    return *this;
}

PacketBuilder& PacketBuilder::sack(std::uint32_t left, std::uint32_t right) {
    Bytes value;
    put32(value, left);
    put32(value, right);
    layers_->add_option(5, value);
    return *this;
}

PacketBuilder& PacketBuilder::timestamps(std::uint32_t value, std::uint32_t echo) {
    Bytes both;
    put32(both, value);
    put32(both, echo);
    layers_->add_option(8, both);
    return *this;
}

PacketBuilder& PacketBuilder::fast_open(std::span<const std::uint8_t> cookie) {
    layers_->add_option(34, cookie);
    return *this;
}

PacketBuilder& PacketBuilder::nop() {
    put8(layers_->tcp().options, 1);
    return *this;
}

PacketBuilder& PacketBuilder::tcp_options(std::span<const std::uint8_t> bytes) {
    append(layers_->tcp().options, bytes);
    return *this;
}

PacketBuilder& PacketBuilder::tcp_options(std::initializer_list<std::uint8_t> bytes) {
    return tcp_options(std::span(bytes.begin(), bytes.size()));
}

PacketBuilder& PacketBuilder::data_offset(std::uint8_t lie) {
    layers_->tcp().data_offset = lie & 0x0F;
    return *this;
}

// ------------------------------------------------------------------------------------------------------ UDP, ICMP, ARP

PacketBuilder& PacketBuilder::udp(std::uint16_t source_port, std::uint16_t destination_port) {
    layers_->all.emplace_back(Udp{source_port, destination_port, {}});
    return *this;
}

PacketBuilder& PacketBuilder::udp_length(std::uint16_t lie) {
    layers_->nearest<Udp>("UDP").length = lie;
    return *this;
}

PacketBuilder& PacketBuilder::icmp_echo(std::uint16_t id, std::uint16_t sequence, bool reply) {
    layers_->all.emplace_back(Icmp{0, 0, true, reply, static_cast<std::uint32_t>(id) << 16 | sequence});
    return *this;
}

PacketBuilder& PacketBuilder::icmp_error(std::uint8_t type, std::uint8_t code, const PacketBuilder& original,
                                         std::size_t quoted_bytes, std::uint32_t information) {
    Bytes quote = original.network_bytes();
    quote.resize(std::min(quote.size(), quoted_bytes));
    layers_->all.emplace_back(Icmp{type, code, false, false, information});
    layers_->all.emplace_back(Raw{std::move(quote)});
    return *this;
}

PacketBuilder& PacketBuilder::arp(std::string_view sender, std::string_view target, std::uint16_t operation) {
    layers_->all.emplace_back(Arp{address_bytes(sender), address_bytes(target), operation});
    return *this;
}

PacketBuilder& PacketBuilder::payload(std::string_view text) {
    return payload(as_bytes(text));
}

PacketBuilder& PacketBuilder::payload(std::span<const std::uint8_t> bytes) {
    layers_->all.emplace_back(Raw{Bytes(bytes.begin(), bytes.end())});
    return *this;
}

PacketBuilder& PacketBuilder::payload_of(std::size_t size, char fill) {
    return payload(std::string(size, fill));
}

PacketBuilder& PacketBuilder::spoil_ip_checksum() {
    layers_->ipv4().spoiled = true;
    return *this;
}

PacketBuilder& PacketBuilder::spoil_checksum() {
    for (auto layer = layers_->all.rbegin(); layer != layers_->all.rend(); ++layer) {
        if (auto* tcp = std::get_if<Tcp>(&*layer)) return tcp->spoiled = true, *this;
        if (auto* udp = std::get_if<Udp>(&*layer)) return udp->spoiled = true, *this;
        if (auto* icmp = std::get_if<Icmp>(&*layer)) return icmp->spoiled = true, *this;
    }
    throw std::logic_error("no header with a checksum to spoil");
}

PacketBuilder& PacketBuilder::without_udp_checksum() {
    layers_->nearest<Udp>("UDP").no_checksum = true;
    return *this;
}

PacketBuilder& PacketBuilder::partial_checksum() {
    layers_->tcp().partial = true;
    return *this;
}

// -------------------------------------------------------------------------------------------------------------- build

namespace {

/// TCP headers end at a multiple of 4: the end-of-list option fills up.
std::vector<Layer> with_padded_options(std::vector<Layer> layers) {
    for (Layer& layer : layers)
        if (auto* tcp = std::get_if<Tcp>(&layer)) tcp->options.resize((tcp->options.size() + 3) / 4 * 4);
    return layers;
}

}  // namespace

Bytes PacketBuilder::build() const {
    const std::vector<Layer> layers = with_padded_options(layers_->all);
    return Encoder(layers).encode(0);
}

Bytes PacketBuilder::network_bytes() const {
    const std::vector<Layer> layers = with_padded_options(layers_->all);
    return Encoder(layers).encode(layers_->first_ip());
}

std::vector<Bytes> PacketBuilder::build_fragments(std::size_t bytes, std::uint32_t id) const {
    if (bytes == 0 || bytes % 8 != 0) throw std::invalid_argument("fragments end at multiples of 8 bytes");
    const std::vector<Layer> layers = with_padded_options(layers_->all);
    std::size_t first = layers_->last_ip() + 1;
    const bool ipv6 = std::holds_alternative<Ipv6>(layers[first - 1]);
    // Hop-by-hop options and routing stay in front of the fragment header (RFC 8200, 4.5).
    const auto stays = [](const Layer& layer) {
        const auto* extension = std::get_if<Extension>(&layer);
        return extension && (extension->protocol == protocol_hop_by_hop || extension->protocol == protocol_routing);
    };
    while (ipv6 && first < layers.size() && stays(layers[first])) ++first;
    const Bytes body = Encoder(layers).encode(first);
    const Bytes rest = Encoder(layers).encode(first - 1);
    // What the header in front of the cut says comes next: byte 9 of IPv4, 6 of IPv6, 0 of an extension.
    const bool after_extension = std::holds_alternative<Extension>(layers[first - 1]);
    const std::uint8_t protocol = rest.at(!ipv6 ? 9 : after_extension ? 0 : 6);

    std::vector<Bytes> fragments;
    for (std::size_t at = 0; at < body.size(); at += bytes) {
        const std::size_t size = std::min(bytes, body.size() - at);
        const bool more = at + size < body.size();
        PacketBuilder fragment;
        fragment.layers_->all.assign(layers.begin(), layers.begin() + static_cast<std::ptrdiff_t>(first));
        if (ipv6) {
            fragment.fragment_header(static_cast<std::uint16_t>(at / 8), more, id).ip_protocol(protocol);
        } else {
            fragment.dont_fragment(false).more_fragments(more).fragment_offset(static_cast<std::uint16_t>(at / 8));
            fragment.identification(static_cast<std::uint16_t>(id)).ip_protocol(protocol);
        }
        fragment.payload(std::span(body).subspan(at, size));
        fragments.push_back(fragment.build());
    }
    return fragments;
}

PacketBuilder PacketBuilder::rejected_by(std::string_view router, std::uint8_t type, std::uint8_t code,
                                         std::size_t quoted_bytes) const {
    const std::size_t ip = layers_->first_ip();
    PacketBuilder answer;
    answer.layers_->all.assign(layers_->all.begin(), layers_->all.begin() + static_cast<std::ptrdiff_t>(ip));
    for (Layer& layer : answer.layers_->all)
        if (auto* ethernet = std::get_if<Ethernet>(&layer)) std::swap(ethernet->source, ethernet->destination);
    if (const auto* ipv4 = std::get_if<Ipv4>(&layers_->all[ip])) {
        Ipv4 back;
        back.source = address_bytes(router);
        back.destination = ipv4->source;
        answer.layers_->all.emplace_back(std::move(back));
    } else {
        Ipv6 back;
        back.source = address_bytes(router);
        back.destination = std::get<Ipv6>(layers_->all[ip]).source;
        answer.layers_->all.emplace_back(std::move(back));
    }
    return answer.icmp_error(type, code, *this, quoted_bytes);
}

}  // namespace rstwatch::test
