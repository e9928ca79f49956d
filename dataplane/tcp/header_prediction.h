// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/tcp/sequence.h"
#include "dataplane/tcp/state_machine.h"

namespace rstwatch::tcp {

/// Whether nothing is under way in a connection but the usual: both sides are seen, nobody waits for a window, repeats
/// himself or has just broken a silence.
inline bool is_calm(const Connection& connection) {
    constexpr auto both = [](std::uint16_t fact) {
        return static_cast<std::uint16_t>(flow::by(Side::client, fact) | flow::by(Side::server, fact));
    };
    constexpr std::uint16_t trouble =
        both(flow::zero_window) | both(flow::probing) | both(flow::after_gap) | both(flow::after_long_gap);
    const bool under_way = connection.phase == Phase::established || connection.phase == Phase::midstream;
    return under_way && connection.verdict == no_verdict && (connection.flow & trouble) == 0 &&
           connection.has(seen::client_packet | seen::server_packet) &&
           (connection.repeats[0] | connection.repeats[1]) == 0;
}

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
                          segment.time - connection.last_seen < limits.gap && connection.ttl[own] != 0;
    if (!expected || !is_calm(connection) || !limits.every_segment) return false;

    connection.last_seen = segment.time;
    connection.next[own] += segment.payload_length;
    connection.acked[own] = segment.acknowledgement;
    note_ip_id(connection, segment);
    connection.clear_flow(tally::other(segment.from), flow::asked);
    if (segment.payload_length > 0) {
        connection.set_flow(segment.from, flow::asked);
        connection.seen |= seen::data_by(segment.from);
    }
    return true;
}

}  // namespace rstwatch::tcp
