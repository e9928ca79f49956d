// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/packet/layer.h"
#include "dataplane/tally/address.h"
#include "dataplane/tally/packet_totals.h"
#include "dataplane/tally/tunnel.h"

namespace rstwatch::packet {

namespace tcp_flag {
inline constexpr std::uint8_t fin = 0x01;
inline constexpr std::uint8_t syn = 0x02;
inline constexpr std::uint8_t rst = 0x04;
inline constexpr std::uint8_t psh = 0x08;
inline constexpr std::uint8_t ack = 0x10;
inline constexpr std::uint8_t urg = 0x20;
/// ECE, CWR and NS say nothing about a connection's life: a SYN with ECN bits is a SYN.
inline constexpr std::uint8_t all = 0x3f;
}  // namespace tcp_flag

namespace tcp_option {
inline constexpr std::uint8_t timestamps = 1;
inline constexpr std::uint8_t window_scale = 2;
inline constexpr std::uint8_t fast_open = 4;
}  // namespace tcp_option

/// What the parser found in one frame. Addresses and ports are those of the innermost IP packet; for an ICMP error
/// they, and `sequence`, are those of the segment that it quotes. Aligned as vectors are, which clear it; all that is
/// not said to be something else is 0.
struct alignas(32) PacketView {
    // In the order of the TCP header: usual_tcp.h reads them at once.
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::uint32_t sequence = 0;
    std::uint32_t acknowledgement = 0;
    std::uint8_t tcp_options = 0;  ///< of tcp_option; read on SYN and SYN-ACK only
    std::uint8_t tcp_flags = 0;
    std::uint16_t window = 0;
    std::uint16_t tcp_checksum = 0;
    std::uint16_t ip_id = 0;  ///< IPv4 identification; 0 for IPv6

    tally::PacketClass packet_class = tally::PacketClass::malformed;
    bool trackable = false;       ///< a TCP segment, or the quote of one, that can be matched to a connection
    std::uint8_t ttl = 0;         ///< time to live, or hop limit
    std::uint8_t vlan_count = 0;  ///< tags seen; the two outermost are in `vlan`
    std::uint8_t icmp_type = 0;
    std::uint8_t icmp_code = 0;
    tally::Tunnel tunnel = tally::Tunnel::none;  ///< the innermost one
    std::uint16_t fragment_at = 0;  ///< of class fragment: where in the frame the IP header of the fragment begins
    std::uint16_t payload_at = 0;   ///< of class tcp, if trackable: where in the frame the TCP payload begins
    std::array<std::uint16_t, 2> vlan{};
    std::uint32_t tunnel_id = 0;       ///< VNI, key, TEID, session or label of `tunnel`; 0 if it has none
    std::uint32_t payload_length = 0;  ///< TCP payload by the IP length, whatever the capture cut off
    std::uint32_t wire_length = 0;     ///< bytes on the wire by the IP length; captured bytes where there is no IP
    tally::IpAddress source;
    tally::IpAddress destination;
    tally::IpAddress icmp_from;  ///< sender of the ICMP error

    bool operator==(const PacketView&) const = default;
};

/// The link layers that captures and ports deliver (the LINKTYPE_ registry of tcpdump.org).
enum class LinkType : std::uint8_t {
    ethernet,
    linux_sll,
    linux_sll2,
    raw_ip,
    null_loopback,
    loop,
    ppp,
    ppp_serial,
    ppp_ether,
    cisco_hdlc
};

/// One frame as it was received.
struct Frame {
    LinkType link;
    const std::uint8_t* data;
    std::size_t length;    ///< bytes at `data`
    std::size_t captured;  ///< bytes that were captured; those beyond `length` are elsewhere, out of reach
    std::size_t on_wire;   ///< bytes that it had on the wire, or unknown_length
};

}  // namespace rstwatch::packet
