// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "tests/support/timed_frame.h"

namespace rstwatch::test {

namespace flag {
inline constexpr std::uint8_t fin = 0x01, syn = 0x02, rst = 0x04, psh = 0x08, ack = 0x10, urg = 0x20, ece = 0x40,
                              cwr = 0x80;
}  // namespace flag

/// The one's complement sum of RFC 1071 over `data`, complemented. Over a header that holds its checksum it is 0.
std::uint16_t internet_checksum(std::span<const std::uint8_t> data);

/// The bytes of an address in text, 4 or 16 of them. Throws std::invalid_argument.
Bytes address_bytes(std::string_view text);

/// Builds one frame from the outside in: each call appends a header, or sets a field of the nearest header before it
/// that has such a field.
///
///     PacketBuilder().ethernet().vlan(10).ipv4("10.0.0.1", "10.0.0.2").ttl(63).tcp(40000, 7211).syn().seq(1).build()
///
/// Headers nest freely, so a tunnel is a second ipv4() or an ethernet() after vxlan(). Types, lengths and checksums
/// come out right by themselves; each of them can be made to lie. Setting a field that no header before has throws
/// std::logic_error. A builder is a value: copy it for variants of one packet.
class PacketBuilder {
  public:
    using Mac = std::array<std::uint8_t, 6>;
    static constexpr std::size_t whole = std::numeric_limits<std::size_t>::max();

    PacketBuilder();
    PacketBuilder(const PacketBuilder& other);
    PacketBuilder(PacketBuilder&& other) noexcept;
    PacketBuilder& operator=(const PacketBuilder& other);
    PacketBuilder& operator=(PacketBuilder&& other) noexcept;
    ~PacketBuilder();

    // Link layers.
    PacketBuilder& link(LinkType type);  ///< the header of any link type, with its defaults
    PacketBuilder& ethernet();
    PacketBuilder& ethernet(const Mac& source, const Mac& destination);
    PacketBuilder& ether_type(std::uint16_t type);  ///< overrides what follows from the next header
    PacketBuilder& pad_to_60();                     ///< zero bytes behind the packet, as a NIC pads a short frame
    PacketBuilder& trailer(std::span<const std::uint8_t> bytes);  ///< bytes behind the packet, such as a frame check
    PacketBuilder& linux_sll(std::uint16_t packet_type = 0);
    PacketBuilder& linux_sll2(std::uint8_t packet_type = 0, std::uint32_t interface_index = 1);
    /// BSD's loopback: the address family in this host's byte order, or in the other one.
    PacketBuilder& null_loopback(bool swapped = false, std::uint32_t ipv6_family = 30);
    PacketBuilder& loop();  ///< OpenBSD's: address family in network byte order
    PacketBuilder& vlan(std::uint16_t id, std::uint8_t priority = 0, std::uint16_t tpid = 0x8100);
    PacketBuilder& qinq(std::uint16_t outer, std::uint16_t inner);
    PacketBuilder& mpls(std::uint32_t label, std::uint8_t ttl = 64);
    PacketBuilder& pseudowire();                       ///< the control word between mpls() and ethernet()
    PacketBuilder& snap();                             ///< LLC and SNAP: the Ethernet header before says a length
    PacketBuilder& security_group(std::uint16_t tag);  ///< Cisco CMD
    PacketBuilder& vn_tag();                           ///< IEEE 802.1Qbh, as Cisco has it
    PacketBuilder& e_tag();                            ///< IEEE 802.1BR
    PacketBuilder& macsec(std::uint8_t control = 0);   ///< 0x20: with channel, 0x0c: encrypted
    PacketBuilder& provider_backbone(std::uint32_t service);  ///< IEEE 802.1ah; an ethernet() follows
    PacketBuilder& fabric_path();                             ///< an ethernet() follows
    PacketBuilder& pppoe(std::uint16_t session);              ///< with the PPP header that it needs
    PacketBuilder& ppp(bool framed = false, bool compressed = false);
    PacketBuilder& cisco_hdlc();

    // IPv4. Don't-fragment is set and the identification is 0 unless told otherwise, as in Linux's answers.
    PacketBuilder& ipv4(std::string_view source, std::string_view destination);
    PacketBuilder& ttl(std::uint8_t hops);  ///< of IPv4, or the hop limit of IPv6
    PacketBuilder& identification(std::uint16_t id);
    PacketBuilder& dont_fragment(bool set = true);
    PacketBuilder& more_fragments(bool set = true);
    PacketBuilder& fragment_offset(std::uint16_t units_of_8_bytes);
    PacketBuilder& tos(std::uint8_t value);  ///< of IPv4, or the traffic class of IPv6
    PacketBuilder& ip_options(std::span<const std::uint8_t> bytes);
    PacketBuilder& ip_options(std::initializer_list<std::uint8_t> bytes);
    PacketBuilder& total_length(std::uint16_t lie);
    PacketBuilder& ip_header_words(std::uint8_t lie);
    PacketBuilder& ip_version(std::uint8_t lie);
    PacketBuilder& ip_protocol(std::uint8_t lie);  ///< of IPv4; the next header of IPv6 or its last extension

    // IPv6 and its extension headers, in the order of the calls.
    PacketBuilder& ipv6(std::string_view source, std::string_view destination);
    PacketBuilder& payload_length(std::uint16_t lie);
    PacketBuilder& flow_label(std::uint32_t value);
    PacketBuilder& hop_by_hop(std::size_t extra_units_of_8_bytes = 0);
    PacketBuilder& routing(std::uint8_t type = 0, std::uint8_t segments_left = 0);
    PacketBuilder& destination_options(std::size_t extra_units_of_8_bytes = 0);
    PacketBuilder& fragment_header(std::uint16_t units_of_8_bytes, bool more, std::uint32_t id = 1);
    PacketBuilder& authentication_header(std::size_t digest_bytes = 12);  ///< also in IPv4
    PacketBuilder& extension_length(std::uint8_t lie);  ///< the length field of the last extension header

    // Tunnels.
    PacketBuilder& gre(std::optional<std::uint32_t> key = std::nullopt);
    PacketBuilder& pptp(std::uint16_t call, bool acknowledges = false);  ///< enhanced GRE with PPP
    PacketBuilder& erspan_i();                     ///< each type with the GRE header that it needs
    PacketBuilder& erspan(std::uint16_t session);  ///< type II
    PacketBuilder& erspan_iii(std::uint16_t session, bool subheader = false);
    PacketBuilder& vxlan(std::uint32_t vni);                                               ///< behind udp(source, 4789)
    PacketBuilder& vxlan_gpe(std::uint32_t vni);                                           ///< behind udp(source, 4790)
    PacketBuilder& geneve(std::uint32_t vni, std::span<const std::uint8_t> options = {});  ///< behind udp(source, 6081)
    PacketBuilder& gtp_u(std::uint32_t teid, std::size_t extensions = 0);                  ///< behind udp(source, 2152)
    PacketBuilder& teredo(bool authentication = false, bool origin = false);               ///< behind udp(source, 3544)
    PacketBuilder& ayiya();                                                                ///< behind udp(source, 5072)
    /// Behind udp(source, 1701), ppp() follows; with the length, sequence and offset fields or without.
    PacketBuilder& l2tp(std::uint16_t tunnel, std::uint16_t session, bool all_fields = false);
    /// Version 3, right behind IP; an ethernet() follows.
    PacketBuilder& l2tp_over_ip(std::uint32_t session, std::size_t cookie_and_sublayer = 0);

    // TCP.
    PacketBuilder& tcp(std::uint16_t source_port, std::uint16_t destination_port);
    PacketBuilder& seq(std::uint32_t number);
    PacketBuilder& ack(std::uint32_t number);         ///< sets the number and the flag
    PacketBuilder& ack_number(std::uint32_t number);  ///< the number alone
    PacketBuilder& syn();
    PacketBuilder& fin();
    PacketBuilder& rst();
    PacketBuilder& psh();
    PacketBuilder& urg(std::uint16_t pointer = 0);
    PacketBuilder& ece();
    PacketBuilder& cwr();
    PacketBuilder& flags(std::uint8_t all);  ///< these and no others
    PacketBuilder& window(std::uint16_t value);
    PacketBuilder& mss(std::uint16_t bytes);
    PacketBuilder& window_scale(std::uint8_t shift);
    PacketBuilder& sack_permitted();
    PacketBuilder& sack(std::uint32_t left, std::uint32_t right);
    PacketBuilder& timestamps(std::uint32_t value, std::uint32_t echo);
    PacketBuilder& fast_open(std::span<const std::uint8_t> cookie = {});
    PacketBuilder& nop();
    PacketBuilder& tcp_options(std::span<const std::uint8_t> bytes);  ///< raw bytes, so also with bad lengths
    PacketBuilder& tcp_options(std::initializer_list<std::uint8_t> bytes);
    PacketBuilder& data_offset(std::uint8_t lie);  ///< in words of 4 bytes

    // Everything else that IP carries.
    PacketBuilder& udp(std::uint16_t source_port, std::uint16_t destination_port);
    PacketBuilder& udp_length(std::uint16_t lie);
    PacketBuilder& icmp_echo(std::uint16_t id = 1, std::uint16_t sequence = 1, bool reply = false);
    /// An ICMP or ICMPv6 error (after ipv4() or ipv6() from the router) that quotes the first `quoted_bytes` of
    /// `original`'s outermost IP packet. `information` is the second word: the next-hop MTU, for instance.
    PacketBuilder& icmp_error(std::uint8_t type, std::uint8_t code, const PacketBuilder& original,
                              std::size_t quoted_bytes = whole, std::uint32_t information = 0);
    PacketBuilder& arp(std::string_view sender, std::string_view target, std::uint16_t operation = 1);

    PacketBuilder& payload(std::string_view text);
    PacketBuilder& payload(std::span<const std::uint8_t> bytes);
    PacketBuilder& payload_of(std::size_t size, char fill = 'x');

    PacketBuilder& spoil_ip_checksum();     ///< of the last IPv4 header
    PacketBuilder& spoil_checksum();        ///< of the last TCP, UDP or ICMP header
    PacketBuilder& without_udp_checksum();  ///< 0, as IPv4 tunnels send it
    PacketBuilder& partial_checksum();  ///< of the last TCP header: the pseudo header's sum, as offloading leaves it

    /// The whole frame. May be called again. Throws std::logic_error where headers do not fit each other.
    Bytes build() const;

    /// The packet from its first IP header on.
    Bytes network_bytes() const;

    /// The same packet in fragments: the payload of its last IP header cut every `bytes` (a multiple of 8).
    std::vector<Bytes> build_fragments(std::size_t bytes, std::uint32_t id = 1) const;

    /// The frame that a router at `router`, on the link that this packet is on, would send back about this packet.
    PacketBuilder rejected_by(std::string_view router, std::uint8_t type, std::uint8_t code,
                              std::size_t quoted_bytes = whole) const;

  private:
    struct Layers;
    std::unique_ptr<Layers> layers_;
};

}  // namespace rstwatch::test
