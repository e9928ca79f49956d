// SPDX-License-Identifier: Apache-2.0
// What a RST says about the connection that it hits (RFC 9293 section 3.10.7, RFC 5961 section 3).
#include "dataplane/tcp/state_machine.h"
#include "dataplane/tcp/verdict.h"

namespace rstwatch::tcp {
namespace {

using tally::RstBy;
using tally::RstShape;

RstShape shape_of(const Segment& segment) {
    return segment.ack() && segment.sequence != 0 ? RstShape::abort : RstShape::no_socket;
}

bool comes_from_elsewhere(const Connection& connection, const Segment& segment) {
    const std::uint8_t baseline = connection.ttl[tally::index(segment.from)];
    return baseline != 0 && hop_distance(baseline) != hop_distance(segment.ttl);
}

/// A device in the path that rejects a segment answers that segment; an injector chooses its moment.
bool answers(const Connection& connection, const Segment& segment) {
    const Side asking = tally::other(segment.from);
    return connection.flows(asking, flow::asked) && shape_of(segment) == RstShape::no_socket &&
           segment.sequence == connection.acked[tally::index(asking)];
}

/// A live socket's own RST goes on with the IP identifications that its host counts up (Weaver, Sommer, Paxson 2009);
/// whoever answers for no socket may begin anywhere.
bool jumps_in_identification(const Connection& connection, const Segment& segment) {
    constexpr std::uint16_t far = 1024;
    const auto step = static_cast<std::uint16_t>(segment.ip_id - connection.ip_id[tally::index(segment.from)]);
    return shape_of(segment) == RstShape::abort && segment.ip_id != 0 &&
           connection.flows(segment.from, flow::counts_ids) && step > far && step < static_cast<std::uint16_t>(-far);
}

/// Decides the connection by this RST; later ones only prolong the wait for the last of them.
void decide(Connection& connection, const Segment& segment, Outcome outcome, const Limits& limits) {
    const bool by_device = outcome == Outcome::reset_by_device;
    const bool forgotten_by_device = outcome == Outcome::idle_reset && comes_from_elsewhere(connection, segment);
    keep_evidence(connection, segment);
    if (by_device || forgotten_by_device) connection.rst_by = RstBy::device;
    connection.seen |= seen::rst_by(segment.from);
    const bool prompted = connection.flows(Side::client, flow::prompt) &&
                          segment.sequence == connection.acked[tally::index(tally::other(segment.from))];
    const bool prompts_are_seen = limits.every_segment || !connection.has(seen::final_ack);
    connection.rst_unprompted = prompts_are_seen && !prompted;
    if (by_device && !answers(connection, segment)) connection.seen |= seen::injected;
    if (jumps_in_identification(connection, segment)) connection.seen |= seen::injected;
    give_verdict(connection, outcome, segment.time);
    connection.phase = Phase::reset;
    connection.deadline = segment.time + limits.reset;
}

/// A refusal is judged by its ack: it must acknowledge the SYN, or the client would not believe it either.
void by_server_in_syn_sent(Connection& connection, const Segment& segment, const Limits& limits) {
    const std::size_t client = tally::index(Side::client);
    const bool acceptable =
        segment.ack() && within(segment.acknowledgement, connection.isn[client] + 1, connection.next[client]);
    if (acceptable) decide(connection, segment, Outcome::refused, limits);
}

void by_client_in_syn_sent(Connection& connection, const Segment& segment, const Limits& limits) {
    const bool answers_bad_synack =
        connection.has(seen::bad_synack) && segment.sequence == connection.acked[tally::index(Side::server)];
    decide(connection, segment, answers_bad_synack ? Outcome::invalid_ack : Outcome::client_cancelled, limits);
}

/// How a half-open scanner (or the kernel of one that forges its SYNs) tears down what it never meant to use.
bool like_half_open_scan(const Connection& connection, const Segment& segment, const Limits& limits) {
    return connection.syn_count == 1 && !segment.ack() &&
           segment.sequence == connection.isn[tally::index(Side::client)] + 1 &&
           connection.synack_time - connection.start <= limits.half_open_scan &&
           segment.time - connection.synack_time <= limits.half_open_scan;
}

/// The client answers the SYN-ACK that came after a refusal with a RST: it had believed the refusal, which therefore
/// ended the attempt, whoever sent it.
void believe_refusal(Connection& connection, const Segment& segment, const Limits& limits) {
    connection.rst_by = RstBy::server;
    connection.rst_shape = RstShape::no_socket;
    connection.seen |= seen::server_rst;
    connection.seen &= ~(seen::rst_ignored | seen::slow_answer);
    give_verdict(connection, Outcome::refused, segment.time);
    connection.phase = Phase::reset;
    connection.deadline = segment.time + limits.reset;
}

void by_client_in_syn_received(Connection& connection, const Segment& segment, const Limits& limits) {
    if (connection.has(seen::refusal_doubted) && !segment.ack()) return believe_refusal(connection, segment, limits);
    Outcome outcome = Outcome::client_cancelled;
    if (like_half_open_scan(connection, segment, limits)) {
        connection.seen |= seen::half_open_reset;
        if (!connection.has(seen::modern_syn)) outcome = Outcome::half_open_scan;
    }
    decide(connection, segment, outcome, limits);
}

void by_server_in_syn_received(Connection& connection, const Segment& segment, const Limits& limits) {
    Outcome outcome = Outcome::handshake_incomplete;
    if (connection.has(seen::bad_final_ack) && segment.sequence == connection.acked[tally::index(Side::client)]) {
        outcome = Outcome::invalid_ack;
    } else if (comes_from_elsewhere(connection, segment)) {
        outcome = Outcome::reset_by_device;
    }
    decide(connection, segment, outcome, limits);
}

/// True if `edge`, a number that the RST carries, says that this side had sent data, seen or not. A single number may
/// be a FIN.
bool says_data_by(const Connection& connection, Side side, std::uint32_t edge, const Limits& limits) {
    constexpr std::uint32_t plausible_advance = 1u << 20;
    const std::size_t i = tally::index(side);
    const std::uint32_t first = connection.isn[i] + (limits.every_segment ? 3 : 2);
    const std::uint32_t advance = limits.every_segment ? plausible_advance : largest_window;
    return !before(edge, first) && !after(edge, connection.next[i] + advance);
}

/// True if data of the other side has reached who resets. An abort acknowledges what has: what was still on its way
/// then, nobody has read.
bool has_heard_data(const Connection& connection, const Segment& segment, const Limits& limits) {
    const Side other = tally::other(segment.from);
    if (shape_of(segment) == RstShape::no_socket) return connection.has(seen::data_by(other));
    const std::uint32_t first = connection.isn[tally::index(other)] + 1;
    const bool knows_more = after(connection.acked[tally::index(segment.from)], first);
    if (segment.acknowledgement == first && !knows_more) return false;
    return connection.has(seen::data_by(other)) || says_data_by(connection, other, segment.acknowledgement, limits);
}

Outcome by_stage(const Connection& connection, const Segment& segment, const Limits& limits) {
    const Side from = segment.from;
    const bool own_data = connection.has(seen::data_by(from)) ||
                          (!limits.every_segment && says_data_by(connection, from, segment.sequence, limits));
    const bool others_data = has_heard_data(connection, segment, limits);
    const bool server_data = from == Side::server ? own_data : others_data;
    const bool client_data = from == Side::server ? others_data : own_data;
    if (from == Side::server) {
        if (server_data) return Outcome::reset_mid_stream_by_server;
        return client_data ? Outcome::reset_without_response : Outcome::reset_before_data_by_server;
    }
    if (server_data) return Outcome::reset_after_response_by_client;
    return client_data ? Outcome::reset_without_response_by_client : Outcome::reset_before_data_by_client;
}

/// A receiver must accept a RST whose sequence number is exactly the next one it expects (RFC 5961 section 3.2). What
/// it expects lies between what it has acknowledged and what was sent; anything else is challenged or ignored.
bool is_acceptable(const Connection& connection, const Segment& segment, const Limits& limits) {
    const Side receiver = tally::other(segment.from);
    if (!connection.has(seen::packet_by(receiver))) return true;  // nothing is known of what it expects
    const bool all_seen = limits.every_segment || !connection.has(seen::final_ack);
    const std::uint32_t sent = connection.next[tally::index(segment.from)] + (all_seen ? 0 : largest_window);
    return within(segment.sequence, connection.acked[tally::index(receiver)], sent);
}

Outcome after_fin(const Connection& connection, const Segment& segment) {
    const bool unanswered = closing_outcome(connection) == Outcome::closed_without_response;
    return unanswered && segment.from == Side::server ? Outcome::closed_without_response : Outcome::reset_after_fin;
}

/// Somebody does not know a connection that the other side believes in.
Outcome by_stranger(const Connection& connection, const Segment& segment, const Limits& limits) {
    const Side asking = tally::other(segment.from);
    const bool forgotten = connection.flows(asking, flow::after_long_gap);
    const bool asked = connection.flows(asking, flow::asked);
    const bool refuses_first = segment.from == Side::server && !server_answered(connection) &&
                               segment.sequence == connection.isn[tally::index(Side::server)] + 1;
    // Long after the final ACK, and asked nothing, it does not answer that.
    const bool answers_nothing =
        !asked && connection.verdict == no_verdict && connection.flows(segment.from, flow::after_gap);
    if (refuses_first && !answers_nothing) return forgotten ? Outcome::idle_reset : Outcome::listen_overflow;
    if (!asked) return by_stage(connection, segment, limits);
    return forgotten ? Outcome::idle_reset : Outcome::peer_lost_state;
}

Outcome of_established(const Connection& connection, const Segment& segment, const Limits& limits) {
    if (connection.has_any(seen::both_fins)) return after_fin(connection, segment);
    constexpr std::uint16_t gap_of_any =
        flow::by(Side::client, flow::after_gap) | flow::by(Side::server, flow::after_gap);
    if (comes_from_elsewhere(connection, segment))
        return (connection.flow & gap_of_any) != 0 ? Outcome::idle_reset : Outcome::reset_by_device;
    const bool waits = connection.repeats[tally::index(segment.from)] > 0;
    if (waits && connection.flows(segment.from, flow::probing) &&
        !connection.flows(tally::other(segment.from), flow::zero_window))
        return Outcome::keepalive_timeout;
    if (waits && connection.verdict != no_verdict) return *connection.outcome();  // it gives up
    if (limits.every_segment && shape_of(segment) == RstShape::no_socket)
        return by_stranger(connection, segment, limits);
    return by_stage(connection, segment, limits);
}

void in_established(Connection& connection, const Segment& segment, const Limits& limits) {
    decide(connection, segment, of_established(connection, segment, limits), limits);
}

/// A RST that meets a connection, whatever has been seen of it. One that its receiver need not accept is doubtful: it
/// decides for as long as nobody shows that it killed nothing.
void judge(Connection& connection, const Segment& segment, const Limits& limits) {
    const bool acceptable = is_acceptable(connection, segment, limits);
    if (!is_attempt(connection)) {
        decide(connection, segment, Outcome::unsolicited, limits);
    } else if (connection.has(seen::final_ack)) {
        in_established(connection, segment, limits);
    } else if (segment.from == Side::client) {
        by_client_in_syn_received(connection, segment, limits);
    } else {
        by_server_in_syn_received(connection, segment, limits);
    }
    if (!acceptable) connection.seen |= seen::rst_doubtful;
}

/// Both FINs are through: a RST finds nobody but the side in TIME-WAIT, the one that sent its FIN first.
void in_closed(Connection& connection, const Segment& segment) {
    const Side waiting = connection.has(seen::server_fin_first) ? Side::server : Side::client;
    const bool kills_time_wait =
        segment.from != waiting && segment.sequence == connection.next[tally::index(segment.from)];
    connection.seen |= seen::rst_by(segment.from);
    if (connection.rst_by == RstBy::nobody) keep_evidence(connection, segment);
    if (kills_time_wait && connection.outcome() == Outcome::closed)
        give_verdict(connection, Outcome::reset_after_fin, segment.time);
}

/// There is no attempt that it could decide; the first one is evidence.
void while_unsolicited(Connection& connection, const Segment& segment, const Limits& limits) {
    connection.seen |= seen::rst_by(segment.from);
    connection.deadline = segment.time + limits.reset;
    if (connection.rst_by == RstBy::nobody) keep_evidence(connection, segment);
}

/// Weaver, Sommer and Paxson 2009: signs of a forged RST show within this time.
constexpr Time forgery_shows = 2 * tally::second;

/// Injectors send several RSTs that try successive sequence numbers (ibid.).
bool tries_next_sequence(const Connection& connection, const Segment& segment) {
    return connection.has(seen::rst_by(segment.from)) && after(segment.sequence, connection.rst_sequence) &&
           segment.time - connection.verdict_time <= forgery_shows;
}

void in_reset(Connection& connection, const Segment& segment, const Limits& limits) {
    if (connection.has(seen::rst_doubtful) && is_acceptable(connection, segment, limits)) {
        // The first one may have killed nobody; this one did.
        forget_reset(connection);
        judge(connection, segment, limits);
        return;
    }
    if (tries_next_sequence(connection, segment)) connection.seen |= seen::injected;
    connection.deadline = segment.time + limits.reset;
}

/// Who sent the RST that decided, as far as addresses tell.
Side resetting_side(const Connection& connection) {
    return connection.has(seen::server_rst) ? Side::server : Side::client;
}

}  // namespace

void on_reset(Connection& connection, const Segment& segment, const Limits& limits) {
    if (connection.rst_count < 0xffff) ++connection.rst_count;
    const bool by_client = segment.from == Side::client;
    switch (connection.phase) {
        case Phase::syn_sent:
            by_client ? by_client_in_syn_sent(connection, segment, limits)
                      : by_server_in_syn_sent(connection, segment, limits);
            break;
        case Phase::syn_received:
        case Phase::established:
        case Phase::midstream:
            judge(connection, segment, limits);
            break;
        case Phase::closed:
            in_closed(connection, segment);
            break;
        case Phase::reset:
            in_reset(connection, segment, limits);
            break;
        case Phase::unsolicited:
            while_unsolicited(connection, segment, limits);
            break;
        case Phase::none:
        case Phase::finished:
            break;
    }
}

bool was_overtaken(const Connection& connection, const Segment& segment, const Limits& limits) {
    const Side reset_by = resetting_side(connection);
    if (segment.from == reset_by || segment.time - connection.verdict_time > limits.reset_hold) return false;
    // An abort acknowledges what came before it; who answers for no connection takes the number from what it answers.
    if (connection.rst_shape == RstShape::abort) return !after(segment.end(), connection.rst_acknowledgement);
    return segment.ack() && segment.acknowledgement == connection.rst_sequence && connection.rst_unprompted;
}

void keep_evidence(Connection& connection, const Segment& segment) {
    connection.rst_by = segment.from == Side::client ? RstBy::client : RstBy::server;
    connection.rst_shape = shape_of(segment);
    connection.rst_sequence = segment.sequence;
    connection.rst_acknowledgement = segment.acknowledgement;
    connection.rst_ttl = segment.ttl;
}

Segment reset_of(const Connection& connection, Time time) {
    Segment reset;
    reset.time = time;
    reset.from = resetting_side(connection);
    reset.flags = packet::tcp_flag::rst;
    if (connection.rst_shape == RstShape::abort) reset.flags |= packet::tcp_flag::ack;
    reset.sequence = connection.rst_sequence;
    reset.acknowledgement = connection.rst_acknowledgement;
    reset.ttl = connection.rst_ttl;
    return reset;
}

Segment take_back_reset(Connection& connection, const Limits& limits) {
    const Segment reset = reset_of(connection, connection.verdict_time);
    const std::uint32_t ignored_before = connection.seen & seen::rst_ignored;
    revive(connection, reset, limits);
    connection.seen = (connection.seen & ~seen::rst_ignored) | ignored_before;
    return reset;
}

void note_after_reset(Connection& connection, const Segment& segment, bool fresh) {
    const bool by_resetter = segment.from == resetting_side(connection) && is_attempt(connection);
    if (by_resetter && fresh && segment.payload_length > 0 && segment.time - connection.verdict_time <= forgery_shows)
        connection.seen |= seen::injected;
}

bool lives_on(const Connection& connection, const Segment& segment) {
    if (!segment.ack()) return false;
    if (connection.has(seen::rst_doubtful)) return true;
    if (!connection.has(seen::final_ack) && is_attempt(connection)) return false;
    const Side reset_by = resetting_side(connection);
    return segment.from != reset_by && after(segment.acknowledgement, connection.rst_sequence) &&
           !after(segment.acknowledgement, connection.next[tally::index(reset_by)]);
}

void forget_reset(Connection& connection) {
    connection.seen &=
        ~(seen::rst_doubtful | seen::client_rst | seen::server_rst | seen::half_open_reset | seen::injected);
    connection.rst_by = RstBy::nobody;
    connection.rst_shape = RstShape::none;
    withdraw_verdict(connection);
}

void revive(Connection& connection, const Segment& segment, const Limits& limits) {
    forget_reset(connection);
    connection.seen |= seen::rst_ignored;
    connection.deadline = 0;
    if (!is_attempt(connection)) {
        connection.phase = Phase::midstream;
        if (connection.has(seen::both_fins)) connection.deadline = segment.time + limits.closed;
    } else if (connection.has(seen::final_ack)) {
        connection.phase = Phase::established;
    } else if (connection.has(seen::synack)) {
        connection.phase = Phase::syn_received;
        connection.deadline = connection.synack_time + limits.provisional;
    } else {
        connection.phase = Phase::syn_sent;
        connection.deadline = connection.start + limits.provisional;
    }
}

}  // namespace rstwatch::tcp
