// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "dataplane/tally/address.h"
#include "dataplane/tally/attempt_record.h"
#include "dataplane/tally/outcome.h"
#include "dataplane/tally/time.h"

namespace rstwatch::tcp {

using tally::Outcome;
using tally::Side;
using tally::Time;

/// Where a connection stands, as a third party sees it; the first three follow RFC 9293 section 3.3.2.
enum class Phase : std::uint8_t {
    none,          ///< no entry
    syn_sent,      ///< SYN seen, no acceptable answer
    syn_received,  ///< SYN-ACK seen, final ACK not
    established,
    closed,       ///< FIN both ways
    reset,        ///< a RST has decided; retries and further RSTs still belong to it
    unsolicited,  ///< begun by a RST, a SYN-ACK or a probe: no attempt of anybody was seen
    midstream,    ///< begun before it could be seen
    finished,     ///< final outcome counted; remembered so that a SYN of the same ISN is no new attempt
};

/// Facts seen so far, as bits of Connection::seen.
namespace seen {
inline constexpr std::uint32_t synack = 1u << 0;
inline constexpr std::uint32_t final_ack = 1u << 1;
inline constexpr std::uint32_t client_data = 1u << 2;
inline constexpr std::uint32_t server_data = 1u << 3;
inline constexpr std::uint32_t client_fin = 1u << 4;
inline constexpr std::uint32_t server_fin = 1u << 5;
inline constexpr std::uint32_t server_fin_first = 1u << 6;
inline constexpr std::uint32_t client_rst = 1u << 7;
inline constexpr std::uint32_t server_rst = 1u << 8;
inline constexpr std::uint32_t client_packet = 1u << 9;
inline constexpr std::uint32_t server_packet = 1u << 10;
inline constexpr std::uint32_t bad_synack = 1u << 11;     ///< SYN-ACK that acknowledges something else
inline constexpr std::uint32_t bad_final_ack = 1u << 12;  ///< handshake ACK that acknowledges something else
inline constexpr std::uint32_t client_syn = 1u << 13;
inline constexpr std::uint32_t server_syn = 1u << 14;  ///< SYN without ACK by the server: simultaneous open
inline constexpr std::uint32_t modern_syn = 1u << 15;  ///< the SYN had timestamps or window scale
inline constexpr std::uint32_t tfo = 1u << 16;
inline constexpr std::uint32_t rst_doubtful = 1u
                                              << 17;  ///< the RST that decided is not one that its receiver must accept
inline constexpr std::uint32_t rst_ignored = 1u << 18;
inline constexpr std::uint32_t injected = 1u << 19;
inline constexpr std::uint32_t half_open_reset = 1u << 20;
inline constexpr std::uint32_t slow_answer = 1u << 21;
inline constexpr std::uint32_t gap = 1u << 22;
inline constexpr std::uint32_t icmp = 1u << 23;
inline constexpr std::uint32_t accepted = 1u << 24;  ///< the completed handshake has been counted
inline constexpr std::uint32_t evicted = 1u << 25;
inline constexpr std::uint32_t early_ack = 1u << 26;  ///< begun by a packet that acknowledged something

constexpr std::uint32_t data_by(Side side) {
    return side == Side::client ? client_data : server_data;
}
constexpr std::uint32_t fin_by(Side side) {
    return side == Side::client ? client_fin : server_fin;
}
constexpr std::uint32_t rst_by(Side side) {
    return side == Side::client ? client_rst : server_rst;
}
constexpr std::uint32_t packet_by(Side side) {
    return side == Side::client ? client_packet : server_packet;
}
constexpr std::uint32_t both_fins = client_fin | server_fin;
constexpr std::uint32_t any_data = client_data | server_data;
}  // namespace seen

inline constexpr std::uint8_t no_verdict = 0xff;

/// One connection, or one attempt to make one. Three cache lines: data segments of an established connection touch the
/// first, a new connection and a verdict the second too, a record the third.
struct alignas(64) Connection {
    // Line 1: what every segment needs. Arrays are indexed by Side.
    std::uint64_t digest = 0;  ///< of the four-tuple; two tuples share one with probability 2^-64
    Time deadline = 0;         ///< when the phase is to be judged without a packet; 0: never
    Time last_seen = 0;
    std::array<std::uint32_t, 2> isn{};    ///< initial sequence number; for midstream: the first one seen, less 1
    std::array<std::uint32_t, 2> next{};   ///< the highest sequence number sent, plus 1
    std::array<std::uint32_t, 2> acked{};  ///< the highest acknowledgement sent
    std::uint32_t seen = 0;
    std::array<std::uint8_t, 2> ttl{};  ///< of the first packet; 0: none seen
    Phase phase = Phase::none;
    std::uint8_t verdict = no_verdict;  ///< Outcome given so far, provisional until the final one is counted
    bool client_is_low = false;         ///< the client is the lower endpoint in the order of the digest
    std::uint8_t vlan_count = 0;

    // Line 2: who, and when it began.
    alignas(64) tally::Endpoint client;
    tally::Endpoint server;
    std::uint16_t domain = 0;
    std::uint16_t syn_count = 0;
    Time start = 0;
    Time verdict_time = 0;
    tally::Interval verdict_interval = 0;  ///< the interval in which the verdict was counted

    // Line 3: evidence for the record.
    alignas(64) Time last_syn = 0;
    Time synack_time = 0;
    tally::IpAddress icmp_from;
    std::array<std::uint16_t, 2> vlan{};
    std::uint16_t rst_count = 0;
    std::uint16_t synack_count = 0;
    std::uint32_t rst_sequence = 0;
    tally::RstBy rst_by = tally::RstBy::nobody;
    tally::RstShape rst_shape = tally::RstShape::none;
    std::uint8_t icmp_type = 0;
    std::uint8_t icmp_code = 0;
    std::array<std::uint8_t, 2> wraps{};  ///< how often `next` has passed `isn` again: 4 GiB each

    bool has(std::uint32_t facts) const { return (seen & facts) == facts; }
    bool has_any(std::uint32_t facts) const { return (seen & facts) != 0; }

    std::optional<Outcome> outcome() const {
        if (verdict == no_verdict) return std::nullopt;
        return static_cast<Outcome>(verdict);
    }
};
static_assert(sizeof(Connection) == 192);

}  // namespace rstwatch::tcp
