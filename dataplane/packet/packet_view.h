// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/tally/address.h"
#include "dataplane/tally/packet_totals.h"

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
/// they, and `sequence`, are those of the segment that it quotes.
struct PacketView {
    tally::PacketClass packet_class = tally::PacketClass::malformed;
    bool trackable = false;  ///< a TCP segment, or the quote of one, that can be matched to a connection
    std::uint8_t tcp_flags = 0;
    std::uint8_t tcp_options = 0;  ///< of tcp_option; read on SYN and SYN-ACK only
    std::uint8_t ttl = 0;          ///< time to live, or hop limit
    std::uint8_t vlan_count = 0;   ///< tags seen; the two outermost are in `vlan`
    std::uint8_t icmp_type = 0;
    std::uint8_t icmp_code = 0;
    std::uint16_t window = 0;
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::array<std::uint16_t, 2> vlan{};
    std::uint32_t sequence = 0;
    std::uint32_t acknowledgement = 0;
    std::uint32_t payload_length = 0;  ///< TCP payload by the IP length, whatever the capture cut off
    std::uint32_t wire_length = 0;     ///< bytes on the wire by the IP length; captured bytes where there is no IP
    tally::IpAddress source;
    tally::IpAddress destination;
    tally::IpAddress icmp_from;  ///< sender of the ICMP error
};

/// The link layers that captures and ports deliver (the LINKTYPE_ registry of tcpdump.org).
enum class LinkType : std::uint8_t { ethernet, linux_sll, linux_sll2, raw_ip, null_loopback, loop };

/// Parses one frame, of which `captured` bytes are there, the first `length` of them at `data`. Never reads behind
/// those, never fails: whatever does not make sense ends in class `malformed`.
void parse(LinkType link, const std::uint8_t* data, std::size_t length, std::size_t captured, PacketView& view);

}  // namespace rstwatch::packet
