// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/tally/address.h"
#include "dataplane/tally/outcome.h"
#include "dataplane/tally/time.h"
#include "dataplane/tally/tunnel.h"

namespace rstwatch::tally {

enum class Side : std::uint8_t { client, server };

constexpr Side other(Side side) {
    return side == Side::client ? Side::server : Side::client;
}
constexpr std::size_t index(Side side) {
    return static_cast<std::size_t>(side);
}

enum class RstBy : std::uint8_t { nobody, client, server, device };

/// What a RST looks like (RFC 9293 section 3.10.7): `no_socket` answers a segment that no connection owns, `abort`
/// comes from a live socket's own side.
enum class RstShape : std::uint8_t { none, abort, no_socket };

/// Zeek's conn_state words (base/protocols/conn/main.zeek), which operators know.
enum class ZeekState : std::uint8_t { S0, S1, SF, REJ, S2, S3, RSTO, RSTR, RSTOS0, RSTRH, SH, SHR, OTH };

/// Facts beside the outcome, as bits of AttemptRecord::flags.
namespace record_flag {
inline constexpr std::uint16_t injected = 1;            ///< the RST bears signs of forgery
inline constexpr std::uint16_t rst_ignored = 2;         ///< a RST was seen and the connection lived on
inline constexpr std::uint16_t gap = 4;                 ///< the monitor missed packets of it
inline constexpr std::uint16_t one_way = 8;             ///< only one direction was visible
inline constexpr std::uint16_t duplicate_seen = 16;     ///< packets came twice
inline constexpr std::uint16_t simultaneous_open = 32;  ///< both sides sent a SYN (RFC 9293 section 3.5)
inline constexpr std::uint16_t tfo = 64;                ///< TCP Fast Open: data in the SYN (RFC 7413)
inline constexpr std::uint16_t half_open_reset = 128;   ///< handshake torn down as a half-open scan does it
inline constexpr std::uint16_t slow_answer = 256;       ///< answered after a first verdict had been given
inline constexpr std::uint16_t accepted = 512;          ///< the handshake was completed
inline constexpr std::uint16_t evicted = 1024;          ///< the connection table had no room to watch it to its end
inline constexpr std::uint16_t lone_refusal = 2048;     ///< a RST with ACK and sequence 0 to a SYN that was not seen
}  // namespace record_flag

/// One finished attempt (or one connection without a visible beginning). Written by the core that owned the connection,
/// read by control after the hand-over.
struct AttemptRecord {
    Endpoint client;
    Endpoint server;
    Time start = 0;                  ///< first packet
    Time end = 0;                    ///< last packet
    Time decided = 0;                ///< when the outcome that stands was first known
    Interval counted_in = 0;         ///< the interval in which it was counted first
    Time idle = 0;                   ///< its last silence of at least tracking.gap; 0: none. In whole milliseconds
    std::uint64_t client_bytes = 0;  ///< payload, from sequence numbers
    std::uint64_t server_bytes = 0;
    IpAddress icmp_from;                  ///< who sent the ICMP error; meaningful when icmp_type != 0 || icmp_seen
    std::array<std::uint16_t, 2> vlan{};  ///< outermost first; tags seen: vlan_count
    std::uint32_t domain = 0;             ///< network of overlapping addresses, 0 unless configured
    std::uint16_t flags = 0;              ///< of record_flag
    std::uint16_t syn_count = 0;
    std::uint16_t rst_count = 0;
    std::uint16_t synack_count = 0;
    Outcome outcome = Outcome::undetermined;
    ZeekState zeek_state = ZeekState::OTH;
    RstBy rst_by = RstBy::nobody;
    RstShape rst_shape = RstShape::none;
    std::uint8_t icmp_type = 0;
    std::uint8_t icmp_code = 0;
    bool icmp_seen = false;
    std::uint8_t vlan_count = 0;
    std::uint8_t client_ttl = 0;   ///< of its first packet that is no RST; 0: none seen
    std::uint8_t server_ttl = 0;   ///< likewise
    std::uint8_t rst_ttl = 0;      ///< of the RST that decided
    Tunnel tunnel = Tunnel::none;  ///< the innermost one
};

}  // namespace rstwatch::tally
