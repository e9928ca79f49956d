// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <climits>
#include <cstddef>
#include <cstring>

#include "dataplane/tcp/sequence.h"
#include "dataplane/tcp/state_machine.h"

namespace rstwatch::tcp {

/// What else the first line says of a connection, in two numbers: read at once and compared at once, where a dozen
/// members would be a dozen reads.
struct Standing {
    std::uint64_t facts;  ///< seen, flow, repeats
    std::uint64_t state;  ///< ip_id, ttl, phase, verdict

    // Where these members lie in the numbers, in bits.
    static constexpr unsigned flow_at = CHAR_BIT * (offsetof(Connection, flow) - offsetof(Connection, seen));
    static constexpr unsigned repeats_at = CHAR_BIT * (offsetof(Connection, repeats) - offsetof(Connection, seen));
    static constexpr unsigned ttl_at = CHAR_BIT * (offsetof(Connection, ttl) - offsetof(Connection, ip_id));
    static constexpr unsigned phase_at = CHAR_BIT * (offsetof(Connection, phase) - offsetof(Connection, ip_id));

    explicit Standing(const Connection& connection) {
        static_assert(std::endian::native == std::endian::little);
        static_assert(offsetof(Connection, ip_id) == offsetof(Connection, seen) + sizeof facts);
        static_assert(offsetof(Connection, repeats) + sizeof connection.repeats == offsetof(Connection, ip_id));
        static_assert(offsetof(Connection, verdict) + sizeof connection.verdict ==
                      offsetof(Connection, ip_id) + sizeof state);
        std::memcpy(&facts, &connection.seen, sizeof facts);
        std::memcpy(&state, &connection.ip_id, sizeof state);
    }

    /// Whether nothing is under way but the usual: both sides are seen, and every segment of them, nobody waits for a
    /// window, repeats himself or has just broken a silence.
    bool is_calm() const {
        constexpr auto both = [](std::uint16_t fact) {
            return std::uint64_t{
                static_cast<std::uint16_t>(flow::by(Side::client, fact) | flow::by(Side::server, fact))};
        };
        constexpr std::uint64_t trouble = both(flow::zero_window) | both(flow::probing) | both(flow::after_gap) |
                                          both(flow::after_long_gap) | flow::in_part;
        constexpr std::uint64_t seen_both = seen::client_packet | seen::server_packet;
        // Of the phases these two differ in one bit.
        constexpr std::uint64_t one = static_cast<std::uint64_t>(Phase::established);
        constexpr std::uint64_t other = static_cast<std::uint64_t>(Phase::midstream);
        static_assert(std::has_single_bit(one ^ other));
        constexpr std::uint64_t without_verdict = std::uint64_t{no_verdict} << 8;
        return (facts & (seen_both | trouble << flow_at | std::uint64_t{0xffff} << repeats_at)) == seen_both &&
               (state >> phase_at & ~(one ^ other)) == ((one & other) | without_verdict);
    }
};

/// Nearly every segment of a connection under way begins where its side left off and acknowledges no more than the
/// other side has sent. Where that is so the connection is advanced here, in a few steps, exactly as step() would; else
/// false, and nothing has changed. After V. Jacobson, "4BSD Header Prediction", ACM CCR 20(2), 1990.
inline bool predict(Connection& connection, const Segment& segment, const Limits& limits) {
    constexpr std::uint8_t of_interest = packet::tcp_flag::all & ~packet::tcp_flag::psh;
    const std::size_t own = tally::index(segment.from), other = 1 - own;
    const std::uint32_t acked = connection.acked[own];
    const std::uint32_t sent = connection.next[own] - connection.isn[own];
    const bool expected = (segment.flags & of_interest) == packet::tcp_flag::ack &&
                          segment.sequence == connection.next[own] &&
                          segment.acknowledgement - acked <= connection.next[other] - acked &&
                          connection.next[other] - acked <= largest_window && acked != 0 &&
                          !after(connection.acked[other], connection.next[own]) && segment.window != 0 &&
                          segment.payload_length <= largest_window && sent + segment.payload_length >= sent &&
                          segment.time - connection.last_seen < limits.gap;
    const Standing standing(connection);
    const auto ttl = static_cast<std::uint8_t>(standing.state >> (Standing::ttl_at + 8 * own));
    if (!expected || !standing.is_calm() || ttl == 0 || !limits.every_segment) return false;

    connection.last_seen = segment.time;
    connection.next[own] += segment.payload_length;
    connection.acked[own] = segment.acknowledgement;
    // As note_ip_id() has it, and without branches: whether there is data, and how a host counts, is anybody's guess.
    const unsigned id_at = 16 * static_cast<unsigned>(own);
    const auto last_id = static_cast<std::uint16_t>(standing.state >> id_at);
    const std::uint64_t counts_ids = follows_in_ip_id(last_id, segment.ip_id) ? 1 : 0;
    const std::uint64_t has_data = segment.payload_length > 0 ? 1 : 0;
    constexpr unsigned counts_ids_at = Standing::flow_at + std::countr_zero(flow::counts_ids);
    constexpr unsigned asked_at = Standing::flow_at + std::countr_zero(flow::asked);
    constexpr unsigned data_at = std::countr_zero(seen::client_data);
    static_assert(seen::server_data == seen::client_data << 1);
    const std::uint64_t gone = std::uint64_t{1} << (counts_ids_at + own) | std::uint64_t{1} << (asked_at + other);
    const std::uint64_t come = (counts_ids << counts_ids_at | has_data << asked_at | has_data << data_at) << own;
    const std::uint64_t facts = (standing.facts & ~gone) | come;
    std::memcpy(&connection.seen, &facts, sizeof facts);
    const std::uint64_t state = (standing.state & ~(std::uint64_t{0xffff} << id_at)) | std::uint64_t{segment.ip_id}
                                                                                           << id_at;
    std::memcpy(&connection.ip_id, &state, sizeof state);
    return true;
}

}  // namespace rstwatch::tcp
