// SPDX-License-Identifier: Apache-2.0
// What time alone decides: deadlines, ICMP errors that stand, and the end of the capture.
#include "dataplane/tcp/state_machine.h"
#include "dataplane/tcp/verdict.h"

namespace rstwatch::tcp {
namespace {

/// The final outcome is out; the entry stays so that a SYN of the same ISN is recognised as the same attempt.
Expiry remember(Connection& connection, const Limits& limits) {
    connection.phase = Phase::finished;
    connection.deadline += limits.closed;
    return Expiry::final;
}

Expiry in_handshake(Connection& connection, Outcome provisional, Time final_deadline, const Limits& limits) {
    if (connection.verdict != no_verdict) return remember(connection, limits);
    give_verdict(connection, provisional, connection.deadline);
    connection.deadline = final_deadline;
    return Expiry::goes_on;
}

}  // namespace

void icmp_error(Connection& connection, Time time, Side quoted_sender, std::uint32_t quoted_sequence,
                const packet::PacketView& message, const Limits& limits) {
    const bool unreachable = message.source.is_v4() ? message.icmp_type == 3 : message.icmp_type == 1;
    const bool quotes_syn =
        quoted_sender == Side::client && quoted_sequence == connection.isn[tally::index(Side::client)];
    // Past the handshake it is a soft error (RFC 5461): the connection decides for itself.
    if (connection.phase != Phase::syn_sent || !unreachable || !quotes_syn) return;
    connection.icmp_from = message.icmp_from;
    connection.icmp_type = message.icmp_type;
    connection.icmp_code = message.icmp_code;
    connection.seen |= seen::icmp;
    connection.last_seen = time;
    give_verdict(connection, Outcome::icmp_rejected, time);
    connection.deadline = connection.last_syn_time() + limits.unanswered;
}

Expiry expire(Connection& connection, const Limits& limits) {
    switch (connection.phase) {
        case Phase::syn_sent:
            return in_handshake(connection, Outcome::unanswered, connection.last_syn_time() + limits.unanswered,
                                limits);
        case Phase::syn_received:
            return in_handshake(connection, Outcome::handshake_incomplete, connection.synack_time + limits.syn_ack,
                                limits);
        case Phase::reset:
            return is_attempt(connection) ? remember(connection, limits) : Expiry::final_gone;
        case Phase::closed:
            return Expiry::final_gone;
        case Phase::unsolicited:
            give_verdict(connection, Outcome::unsolicited, connection.deadline);
            return Expiry::final_gone;
        case Phase::midstream:
            give_verdict(connection, Outcome::midstream, connection.deadline);
            return Expiry::final_gone;
        case Phase::established:  // stalled for too long
            return remember(connection, limits);
        case Phase::none:
        case Phase::finished:
            return Expiry::gone;
    }
    return Expiry::gone;
}

Outcome outcome_as_it_stands(const Connection& connection) {
    if (connection.verdict != no_verdict) return static_cast<Outcome>(connection.verdict);
    switch (connection.phase) {
        case Phase::established:
            return Outcome::open;
        case Phase::unsolicited:
            return Outcome::unsolicited;
        case Phase::midstream:
            return Outcome::midstream;
        default:
            return Outcome::undetermined;
    }
}

Outcome outcome_when_replaced(const Connection& connection) {
    const bool embryonic = connection.phase == Phase::syn_sent || connection.phase == Phase::syn_received;
    if (embryonic && connection.verdict == no_verdict) return Outcome::client_cancelled;
    return outcome_as_it_stands(connection);
}

}  // namespace rstwatch::tcp
