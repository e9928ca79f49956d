// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "dataplane/tcp/sequence.h"
#include "dataplane/tcp/state_machine.h"

namespace rstwatch::tcp {

/// What is under way in a connection, in two numbers: read at once and compared at once, where a dozen members would be
/// a dozen reads.
struct Standing {
    std::uint64_t facts;  ///< seen, flow, repeats
    std::uint16_t state;  ///< phase, verdict

    // Where these members lie in the numbers, in bits.
    static constexpr unsigned flow_at = CHAR_BIT * (offsetof(Connection, flow) - offsetof(Connection, seen));
    static constexpr unsigned repeats_at = CHAR_BIT * (offsetof(Connection, repeats) - offsetof(Connection, seen));
    static constexpr unsigned verdict_at = CHAR_BIT * (offsetof(Connection, verdict) - offsetof(Connection, phase));

    explicit Standing(const Connection& connection) {
        static_assert(std::endian::native == std::endian::little);
        static_assert(offsetof(Connection, repeats) + sizeof connection.repeats ==
                      offsetof(Connection, seen) + sizeof facts);
        static_assert(offsetof(Connection, verdict) + sizeof connection.verdict ==
                      offsetof(Connection, phase) + sizeof state);
        std::memcpy(&facts, &connection.seen, sizeof facts);
        std::memcpy(&state, &connection.phase, sizeof state);
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
        constexpr unsigned one = static_cast<unsigned>(Phase::established);
        constexpr unsigned other = static_cast<unsigned>(Phase::midstream);
        static_assert(std::has_single_bit(one ^ other));
        constexpr unsigned without_verdict = unsigned{no_verdict} << verdict_at;
        return (facts & (seen_both | trouble << flow_at | std::uint64_t{0xffff} << repeats_at)) == seen_both &&
               (state & ~(one ^ other)) == ((one & other) | without_verdict);
    }
};

/// What a segment of a calm connection changes of `facts`, without branches: whether there is data, and how a host
/// counts, is anybody's guess. As note_ip_id() has it.
inline std::uint64_t advanced(std::uint64_t facts, std::size_t own, bool counts_ids, bool has_data) {
    constexpr unsigned counts_ids_at = Standing::flow_at + std::countr_zero(flow::counts_ids);
    constexpr unsigned asked_at = Standing::flow_at + std::countr_zero(flow::asked);
    constexpr unsigned data_at = std::countr_zero(seen::client_data);
    static_assert(seen::server_data == seen::client_data << 1);
    constexpr auto gone = [](std::size_t side) {
        return ~(std::uint64_t{1} << (counts_ids_at + side) | std::uint64_t{1} << (asked_at + 1 - side));
    };
    static constexpr std::array kept{gone(0), gone(1)};
    const std::uint64_t data = has_data ? 1 : 0;
    const std::uint64_t come = std::uint64_t{counts_ids} << counts_ids_at | data << asked_at | data << data_at;
    return (facts & kept[own]) | come << own;
}

/// Nearly every segment of a connection under way begins where its side left off and acknowledges no more than the
/// other side has sent. Where that is so the connection is advanced here, in a few steps, exactly as step() would; else
/// false, and nothing has changed. After V. Jacobson, "4BSD Header Prediction", ACM CCR 20(2), 1990.
inline bool predict(Connection& connection, const Segment& segment, const Limits& limits) {
    constexpr std::uint8_t of_interest = packet::tcp_flag::all & ~packet::tcp_flag::psh;
    const std::size_t own = tally::index(segment.from), other = own ^ 1;
    const std::uint32_t next = connection.next[own];
    if ((segment.flags & of_interest) != packet::tcp_flag::ack || segment.sequence != next || segment.window == 0)
        return false;
    const std::uint32_t acked = connection.acked[own], in_flight = connection.next[other] - acked;
    if (segment.acknowledgement - acked > in_flight || in_flight > largest_window || acked == 0) return false;
    if (after(connection.acked[other], next)) return false;
    // Neither more than any window, nor so much that the numbers go round.
    const std::uint32_t sent = next - connection.isn[own];
    if (segment.payload_length > largest_window || segment.payload_length > ~sent) return false;
    if (segment.time - connection.last_seen >= limits.gap || !limits.every_segment) return false;
    const Standing standing(connection);
    if (!standing.is_calm() || connection.ttl[own] == 0) return false;

    connection.last_seen = segment.time;
    connection.next[own] = next + segment.payload_length;
    connection.acked[own] = segment.acknowledgement;
    const bool counts_ids = follows_in_ip_id(connection.ip_id[own], segment.ip_id);
    connection.ip_id[own] = segment.ip_id;
    const std::uint64_t facts = advanced(standing.facts, own, counts_ids, segment.payload_length > 0);
    std::memcpy(&connection.seen, &facts, sizeof facts);
    return true;
}

}  // namespace rstwatch::tcp
