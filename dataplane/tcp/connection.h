// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "dataplane/tally/address.h"
#include "dataplane/tally/attempt_record.h"
#include "dataplane/tally/interval_bank.h"
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
inline constexpr std::size_t phases = static_cast<std::size_t>(Phase::finished) + 1;

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
inline constexpr std::uint32_t one_sided = 1u << 27;  ///< one side only is seen, and it lives as if it were answered
inline constexpr std::uint32_t duplicate = 1u << 28;  ///< a packet of it was delivered twice
inline constexpr std::uint32_t restarts = 1u << 29;   ///< its SYN came on a four-tuple that was still connected
inline constexpr std::uint32_t refusal_doubted = 1u << 31;  ///< a SYN-ACK came after a refusal
inline constexpr std::uint32_t challenged = 1u << 30;       ///< the SYN was answered by a bare ACK (RFC 5961 section 4)

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
constexpr std::uint32_t sides = client_packet | server_packet | one_sided;
constexpr std::uint32_t any_data = client_data | server_data;
}  // namespace seen

/// Who waits for whom just now, as bits of Connection::flow. Those of the server are the client's, shifted by one.
namespace flow {
inline constexpr std::uint16_t zero_window = 1u << 0;  ///< this side's last segment closed its window
inline constexpr std::uint16_t probing = 1u << 2;      ///< this side repeats probes, not data
inline constexpr std::uint16_t asked = 1u << 4;        ///< this side's last segment wants an answer: data or a probe
inline constexpr std::uint16_t after_gap = 1u << 6;    ///< this side broke a silence and has not been answered since
inline constexpr std::uint16_t after_long_gap = 1u << 8;
inline constexpr std::uint16_t client_is_low = 1u << 13;  ///< the client is the lower endpoint in the digest's order
inline constexpr std::uint16_t counts_ids = 1u << 14;     ///< this side counts its IP identifications up
inline constexpr std::uint16_t prompt = 1u << 12;         ///< the last RST came soon enough to be an answer
inline constexpr std::uint16_t wanted = 1u << 11;         ///< every segment of it is looked up (WantedFilter)
inline constexpr std::uint16_t in_part = 1u << 10;        ///< not every segment of it has been looked up

constexpr std::uint16_t by(Side side, std::uint16_t fact) {
    return static_cast<std::uint16_t>(fact << tally::index(side));
}
}  // namespace flow

inline constexpr std::uint8_t no_verdict = 0xff;

/// One connection, or one attempt to make one. Three cache lines: data segments of an established connection touch the
/// first, a new connection and a verdict the second too, a record the third.
struct alignas(64) Connection {
    // Line 1: what every segment needs. Arrays are indexed by Side.
    std::uint64_t digest = 0;  ///< of the four-tuple; two tuples share one with probability 2^-64
    Time deadline = 0;         ///< when the phase is to be judged without a packet; 0: never
    Time last_seen = 0;
    std::array<std::uint32_t, 2> isn{};     ///< initial sequence number; for midstream: the first one seen, less 1
    std::array<std::uint32_t, 2> next{};    ///< the highest sequence number sent, plus 1
    std::array<std::uint32_t, 2> acked{};   ///< the highest acknowledgement sent
    std::uint32_t seen = 0;                 ///< of seen::
    std::uint16_t flow = 0;                 ///< of flow::
    std::array<std::uint8_t, 2> repeats{};  ///< segments sent again, or probes, that nothing has answered
    std::array<std::uint16_t, 2> ip_id{};   ///< IP identification of the last packet; 0: none
    std::array<std::uint8_t, 2> ttl{};      ///< of the first packet that is no RST; 0: none seen
    Phase phase = Phase::none;
    std::uint8_t verdict = no_verdict;  ///< Outcome given so far, provisional until the final one is counted

    // Line 2: who, and when it began.
    alignas(64) tally::Endpoint client;
    tally::Endpoint server;
    std::uint32_t domain = 0;  ///< network of overlapping addresses, 0 unless configured
    Time start = 0;
    Time verdict_time = 0;
    tally::Interval verdict_interval = 0;  ///< the interval in which the verdict was counted

    // Line 3: evidence for the record.
    alignas(64) Time synack_time = 0;
    std::uint32_t last_syn = 0;  ///< the low 32 bits of its time
    std::uint32_t idle = 0;      ///< milliseconds of the last silence of at least Limits::gap; 0: none
    tally::IpAddress icmp_from;
    std::array<std::uint16_t, 2> vlan{};
    std::uint16_t syn_count = 0;
    std::uint16_t rst_count = 0;
    std::uint16_t synack_count = 0;
    std::uint8_t vlan_count = 0;
    tally::Tunnel tunnel = tally::Tunnel::none;
    std::uint32_t rst_sequence = 0;
    std::uint32_t rst_acknowledgement = 0;
    std::uint32_t stalled_since = 0;  ///< the low 32 bits of the time of the first of `repeats`
    tally::RstBy rst_by : 4 = tally::RstBy::nobody;
    tally::RstShape rst_shape : 4 = tally::RstShape::none;
    bool rst_unprompted = false;  ///< the RST that decided answers nothing that was seen before it
    std::uint8_t icmp_type = 0;
    std::uint8_t icmp_code = 0;
    std::uint8_t rst_ttl = 0;                         ///< of the RST that decided
    std::uint8_t verdict_hops = tally::unknown_hops;  ///< how far away the answer was that the verdict was counted with
    std::array<std::uint8_t, 2> wraps{};              ///< how often `next` has passed `isn` again: 4 GiB each

    bool has(std::uint32_t facts) const { return (seen & facts) == facts; }
    bool has_any(std::uint32_t facts) const { return (seen & facts) != 0; }
    bool flows(Side side, std::uint16_t fact) const { return (flow & flow::by(side, fact)) != 0; }
    void set_flow(Side side, std::uint16_t facts) { flow |= flow::by(side, facts); }
    void clear_flow(Side side, std::uint16_t facts) { flow &= static_cast<std::uint16_t>(~flow::by(side, facts)); }

    bool operator==(const Connection&) const = default;

    /// Of the last SYN, which is never later than the last packet; as long as that is less than 71 minutes later.
    Time last_syn_time() const {
        return last_seen - static_cast<std::uint32_t>(static_cast<std::uint32_t>(last_seen) - last_syn);
    }

    std::optional<Outcome> outcome() const {
        if (verdict == no_verdict) return std::nullopt;
        return static_cast<Outcome>(verdict);
    }
};
static_assert(sizeof(Connection) == 192);

}  // namespace rstwatch::tcp
