// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet/cursor.h"
#include "dataplane/packet/ip.h"
#include "dataplane/packet/packet_view.h"

namespace rstwatch::packet {

/// Destination Unreachable, Source Quench, Redirect, Time Exceeded, Parameter Problem (RFC 792).
inline bool is_icmpv4_error(std::uint8_t type) {
    return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

/// ICMPv6 error messages have the high bit of the type clear (RFC 4443 section 2.1).
inline bool is_icmpv6_error(std::uint8_t type) {
    return type < 128;
}

/// The quoted datagram: addresses, and the 8 bytes of TCP that RFC 792 grants (ports and sequence number). Leaves
/// `trackable` false when the quote is not the beginning of a TCP segment.
inline void parse_quote(const Cursor& bytes, bool v6, PacketView& view) {
    Layer quote{bytes, unknown_length};
    const IpPayload payload = v6 ? parse_ipv6(quote, view) : parse_ipv4(quote, view);
    const bool has_ports =
        payload.status == IpPayload::Status::ok || payload.status == IpPayload::Status::first_fragment;
    if (!has_ports || payload.protocol != ip_protocol::tcp || !quote.has(8)) return;
    view.source_port = load16(quote.data());
    view.destination_port = load16(quote.data() + 2);
    view.sequence = load32(quote.data() + 4);
    view.trackable = true;
}

/// An ICMP or ICMPv6 message. Returns its class; for an error the view's tuple becomes that of the quoted segment.
inline tally::PacketClass parse_icmp(Cursor cursor, bool v6, PacketView& view) {
    constexpr std::size_t header_length = 8;
    if (!cursor.has(header_length)) return tally::PacketClass::malformed;
    view.icmp_type = cursor.data()[0];
    view.icmp_code = cursor.data()[1];
    if (!(v6 ? is_icmpv6_error(view.icmp_type) : is_icmpv4_error(view.icmp_type))) return tally::PacketClass::other_ip;
    view.icmp_from = view.source;
    cursor.skip(header_length);
    parse_quote(cursor, v6, view);
    return tally::PacketClass::icmp_error;
}

}  // namespace rstwatch::packet
