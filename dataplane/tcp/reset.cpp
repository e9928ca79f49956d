// SPDX-License-Identifier: Apache-2.0
// What a RST says about the connection that it hits (RFC 9293 section 3.10.7, RFC 5961 section 3).
#include "dataplane/tcp/sequence.h"
#include "dataplane/tcp/state_machine.h"
#include "dataplane/tcp/verdict.h"

namespace rstwatch::tcp {
namespace {

using tally::RstBy;
using tally::RstShape;

RstShape shape_of(const Segment& segment) {
    return segment.ack() && segment.sequence != 0 ? RstShape::abort : RstShape::no_socket;
}

/// Decides the connection by this RST; later ones only prolong the wait for the last of them.
void decide(Connection& connection, const Segment& segment, Outcome outcome, const Limits& limits) {
    const bool by_device = outcome == Outcome::reset_by_device;
    connection.rst_by = by_device ? RstBy::device : segment.from == Side::client ? RstBy::client : RstBy::server;
    connection.rst_shape = shape_of(segment);
    connection.rst_sequence = segment.sequence;
    connection.seen |= seen::rst_by(segment.from);
    if (by_device) connection.seen |= seen::injected;
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

void by_client_in_syn_received(Connection& connection, const Segment& segment, const Limits& limits) {
    Outcome outcome = Outcome::client_cancelled;
    if (like_half_open_scan(connection, segment, limits)) {
        connection.seen |= seen::half_open_reset;
        if (!connection.has(seen::modern_syn)) outcome = Outcome::half_open_scan;
    }
    decide(connection, segment, outcome, limits);
}

bool comes_from_elsewhere(const Connection& connection, const Segment& segment) {
    const std::uint8_t baseline = connection.ttl[tally::index(segment.from)];
    return baseline != 0 && hop_distance(baseline) != hop_distance(segment.ttl);
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

Outcome by_stage(const Connection& connection, Side from) {
    const bool server_data = connection.has(seen::server_data);
    const bool client_data = connection.has(seen::client_data);
    if (from == Side::server) {
        if (server_data) return Outcome::reset_mid_stream_by_server;
        return client_data ? Outcome::reset_without_response : Outcome::reset_before_data_by_server;
    }
    if (server_data) return Outcome::reset_after_response_by_client;
    return client_data ? Outcome::reset_without_response_by_client : Outcome::reset_before_data_by_client;
}

/// A receiver must accept a RST whose sequence number is exactly the next one it expects (RFC 5961 section 3.2). What
/// it expects lies between what it has acknowledged and what was sent; anything else is challenged or ignored.
bool is_acceptable(const Connection& connection, const Segment& segment) {
    const Side receiver = tally::other(segment.from);
    if (!connection.has(seen::packet_by(receiver))) return true;  // nothing is known of what it expects
    return within(segment.sequence, connection.acked[tally::index(receiver)],
                  connection.next[tally::index(segment.from)]);
}

void in_established(Connection& connection, const Segment& segment, const Limits& limits) {
    Outcome outcome = by_stage(connection, segment.from);
    if (connection.has_any(seen::both_fins)) {
        const bool unanswered = closing_outcome(connection) == Outcome::closed_without_response;
        outcome =
            unanswered && segment.from == Side::server ? Outcome::closed_without_response : Outcome::reset_after_fin;
    } else if (comes_from_elsewhere(connection, segment)) {
        outcome = Outcome::reset_by_device;
    }
    decide(connection, segment, outcome, limits);
}

/// A RST that meets a connection, whatever has been seen of it. One that its receiver need not accept is doubtful: it
/// decides for as long as nobody shows that it killed nothing.
void judge(Connection& connection, const Segment& segment, const Limits& limits) {
    const bool acceptable = is_acceptable(connection, segment);
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
    if (connection.rst_by == RstBy::nobody) {
        connection.rst_by = segment.from == Side::client ? RstBy::client : RstBy::server;
        connection.rst_shape = shape_of(segment);
    }
    if (kills_time_wait && connection.outcome() == Outcome::closed)
        give_verdict(connection, Outcome::reset_after_fin, segment.time);
}

/// Injectors send several RSTs that try successive sequence numbers (Weaver, Sommer, Paxson 2009, section 4).
bool tries_next_sequence(const Connection& connection, const Segment& segment) {
    return connection.has(seen::rst_by(segment.from)) && after(segment.sequence, connection.rst_sequence) &&
           segment.time - connection.verdict_time <= 2 * tally::second;
}

void in_reset(Connection& connection, const Segment& segment, const Limits& limits) {
    if (connection.has(seen::rst_doubtful) && is_acceptable(connection, segment)) {
        // The first one may have killed nobody; this one did.
        forget_reset(connection);
        judge(connection, segment, limits);
        return;
    }
    if (tries_next_sequence(connection, segment)) connection.seen |= seen::injected;
    connection.deadline = segment.time + limits.reset;
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
            connection.seen |= seen::rst_by(segment.from);
            connection.deadline = segment.time + limits.reset;
            break;
        case Phase::none:
        case Phase::finished:
            break;
    }
}

bool lives_on(const Connection& connection, const Segment& segment) {
    if (!segment.ack()) return false;
    if (connection.has(seen::rst_doubtful)) return true;
    if (!connection.has(seen::final_ack) && is_attempt(connection)) return false;
    const Side reset_by = connection.has(seen::server_rst) ? Side::server : Side::client;
    return segment.from != reset_by && after(segment.acknowledgement, connection.rst_sequence) &&
           !after(segment.acknowledgement, connection.next[tally::index(reset_by)]);
}

void forget_reset(Connection& connection) {
    connection.seen &= ~(seen::rst_doubtful | seen::client_rst | seen::server_rst | seen::half_open_reset);
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
    } else {
        connection.phase = Phase::syn_received;
        connection.deadline = connection.synack_time + limits.provisional;
    }
}

}  // namespace rstwatch::tcp
