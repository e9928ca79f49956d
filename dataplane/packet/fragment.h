// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "dataplane/packet/packet_view.h"
#include "dataplane/tally/address.h"

namespace rstwatch::packet {

class TunnelPorts;

/// What the fragments of one datagram have in common: RFC 791 section 3.2, RFC 8200 section 4.5 (no protocol there).
struct FragmentKey {
    tally::IpAddress source;
    tally::IpAddress destination;
    std::uint32_t id = 0;
    std::uint8_t protocol = 0;
    bool v6 = false;

    bool operator==(const FragmentKey&) const = default;
};

/// One fragment, captured whole. Offsets into the frame are those of its headers.
struct Fragment {
    FragmentKey key;
    std::size_t ip_at = 0;       ///< IP header
    std::size_t header_at = 0;   ///< IPv6: fragment header
    std::size_t payload_at = 0;  ///< what the datagram is put together from
    std::size_t length = 0;      ///< of that, in bytes
    std::size_t offset = 0;      ///< where it belongs in the datagram, in bytes
    std::uint8_t next_header = 0;
    bool more = false;
};

/// Where in a frame IP headers begin, from the outside in.
struct IpTrail {
    std::array<std::uint16_t, 20> at{};
    std::size_t count = 0;
};

/// The IP headers down to the one that parse() said is a fragment's.
IpTrail trace_ip_headers(const Frame& frame, const TunnelPorts& tunnels);

/// The fragment whose IP header begins at `at`. Nothing if it was not captured whole, or cannot be a fragment: the
/// length of all but the last is a multiple of 8, and none reaches beyond 65,535 bytes.
std::optional<Fragment> read_fragment(const std::uint8_t* frame, std::size_t length, std::size_t at);

}  // namespace rstwatch::packet
