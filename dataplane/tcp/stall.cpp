// SPDX-License-Identifier: Apache-2.0
// Connections that live and get nowhere: data that nobody acknowledges, windows that stay closed, handshakes that the
// server never takes off its queue.
#include <algorithm>

#include "dataplane/tcp/state_machine.h"
#include "dataplane/tcp/verdict.h"

namespace rstwatch::tcp {
namespace {

constexpr Time millisecond = 1000 * tally::microsecond;

/// Fewer repetitions are everyday loss.
constexpr std::uint8_t stalled_at = 3;

/// The final ACK of a handshake whose SYN-ACK came this often has not been taken.
constexpr std::uint16_t synacks_of_full_queue = 3;

/// A segment that is only to make the peer answer: keepalive at NXT-1 (RFC 9293 section 3.8.4, RFC 1122 section
/// 4.2.3.6), or a window probe, which some stacks send at UNA-1 (Linux tcp_xmit_probe_skb()).
bool is_probe(const Connection& connection, const Segment& segment) {
    const std::size_t side = tally::index(segment.from);
    const Side receiver = tally::other(segment.from);
    if (!segment.ack() || segment.fin() || connection.has(seen::fin_by(segment.from))) return false;
    const bool just_behind = segment.sequence == connection.next[side] - 1;
    if (segment.payload_length == 0)
        return just_behind ||
               (connection.flows(receiver, flow::zero_window) && before(segment.sequence, connection.next[side]));
    // Keepalives may carry a byte that has been acknowledged already.
    return segment.payload_length == 1 && just_behind &&
           connection.acked[tally::index(receiver)] == connection.next[side];
}

/// Data that has been sent before and is not acknowledged yet.
bool is_sent_again(const Connection& connection, const Segment& segment, bool fresh) {
    return segment.payload_length > 0 && !fresh &&
           after(segment.end(), connection.acked[tally::index(tally::other(segment.from))]);
}

/// What this side was waiting for has come. While a connection is established, no verdict but a stall stands.
void relieve(Connection& connection, Side side) {
    std::uint8_t& repeats = connection.repeats[tally::index(side)];
    const bool was_stalled = repeats >= stalled_at;
    repeats = 0;
    if (!was_stalled || connection.repeats[tally::index(tally::other(side))] >= stalled_at) return;
    if (connection.phase != Phase::established) return;
    withdraw_verdict(connection);
    connection.deadline = 0;
}

/// The other side has sent something, so it lives; perhaps it has done what this one was waiting for.
void hear(Connection& connection, const Segment& segment, Progress progress) {
    const Side listener = tally::other(segment.from);
    connection.clear_flow(listener, flow::asked | flow::after_gap | flow::after_long_gap);
    if (connection.flows(listener, flow::probing)) {
        connection.clear_flow(listener, flow::probing);
        if (!connection.flows(segment.from, flow::zero_window)) relieve(connection, listener);
    }
    if (progress.acknowledges) relieve(connection, listener);
    if (!segment.ack()) return;
    if (segment.window == 0) {
        connection.set_flow(segment.from, flow::zero_window);
    } else if (connection.flows(segment.from, flow::zero_window)) {
        connection.clear_flow(segment.from, flow::zero_window);
        relieve(connection, listener);
    }
}

/// What it means that this side has repeated itself for too long; nothing if that is not known.
std::optional<Outcome> stall_of(const Connection& connection, Side side) {
    const Side silent = tally::other(side);
    if (!connection.has(seen::packet_by(silent))) return std::nullopt;  // its answers are not seen, either
    if (connection.flows(silent, flow::zero_window)) return Outcome::zero_window_stall;
    if (connection.flows(side, flow::probing)) return std::nullopt;  // keepalives: whoever probes will say when
    const bool synack_resent = connection.synack_count > 1 && !server_answered(connection);
    if (side == Side::client && synack_resent) return std::nullopt;  // synack_again() decides
    return Outcome::blackholed;
}

void count_repeat(Connection& connection, const Segment& segment, bool probe, const Limits& limits) {
    const std::size_t side = tally::index(segment.from);
    const auto now = static_cast<std::uint32_t>(segment.time);
    if (connection.repeats[0] == 0 && connection.repeats[1] == 0) connection.stalled_since = now;
    if (connection.repeats[side] < 0xff) ++connection.repeats[side];
    probe ? connection.set_flow(segment.from, flow::probing) : connection.clear_flow(segment.from, flow::probing);
    if (connection.phase != Phase::established) return;
    if (connection.verdict != no_verdict) {
        connection.deadline = segment.time + limits.stalled;
        return;
    }
    if (connection.repeats[side] < stalled_at || now - connection.stalled_since < limits.stall) return;
    const std::optional<Outcome> stall = stall_of(connection, segment.from);
    if (!stall) return;
    give_verdict(connection, *stall, segment.time);
    connection.deadline = segment.time + limits.stalled;
}

/// The server has taken the connection off its queue after all.
void leave_queue(Connection& connection) {
    if (connection.outcome() != Outcome::listen_overflow || connection.phase != Phase::established) return;
    withdraw_verdict(connection);
    connection.deadline = 0;
}

}  // namespace

void note_gap(Connection& connection, const Segment& segment, const Limits& limits) {
    const Time gap = segment.time - connection.last_seen;
    if (gap < limits.gap) return;
    // A RST that comes so late is no answer to what broke an earlier silence.
    connection.clear_flow(tally::other(segment.from), flow::after_long_gap);
    const auto idle = static_cast<std::uint32_t>(std::min<Time>(gap / millisecond, ~std::uint32_t{0}));
    // Repeating itself, ever more rarely, this side does not begin another silence.
    const bool same = connection.flows(segment.from, flow::after_gap);
    connection.idle = same ? std::max(connection.idle, idle) : idle;
    connection.set_flow(segment.from, flow::after_gap);
    if (gap >= limits.long_gap) connection.set_flow(segment.from, flow::after_long_gap);
}

void follow_flow(Connection& connection, const Segment& segment, Progress progress, const Limits& limits) {
    hear(connection, segment, progress);
    if (segment.from == Side::server && (progress.acknowledges || progress.fresh)) leave_queue(connection);
    const bool probe = is_probe(connection, segment);
    if (probe || segment.payload_length > 0) connection.set_flow(segment.from, flow::asked);
    if (probe || is_sent_again(connection, segment, progress.fresh)) count_repeat(connection, segment, probe, limits);
}

void synack_again(Connection& connection, const Segment& segment, const Limits& limits) {
    if (connection.synack_count < synacks_of_full_queue || server_answered(connection) ||
        connection.has_any(seen::both_fins))
        return;
    give_verdict(connection, Outcome::listen_overflow, segment.time);
    connection.deadline = segment.time + limits.stalled;
}

}  // namespace rstwatch::tcp
