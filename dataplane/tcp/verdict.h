// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/tcp/connection.h"
#include "dataplane/tcp/sequence.h"
#include "dataplane/tcp/state_machine.h"

// Shared by the parts of the state machine; nobody else includes this.
namespace rstwatch::tcp {

/// States what the connection has come to, dated by when that was first known.
inline void give_verdict(Connection& connection, Outcome outcome, Time time) {
    const auto verdict = static_cast<std::uint8_t>(outcome);
    if (connection.verdict == verdict) return;
    connection.verdict = verdict;
    connection.verdict_time = time;
}

/// The attempt goes on, whatever was said of it.
inline void withdraw_verdict(Connection& connection) {
    connection.verdict = no_verdict;
}

/// The handshake is done, seen or inferred.
inline void establish(Connection& connection) {
    if (connection.verdict != no_verdict) connection.seen |= seen::slow_answer;
    withdraw_verdict(connection);
    connection.phase = Phase::established;
    connection.seen |= seen::final_ack;
    connection.deadline = 0;
}

/// What FINs of both sides mean, or a server's FIN followed by its RST.
inline Outcome closing_outcome(const Connection& connection) {
    const bool left_unanswered =
        connection.has(seen::client_data | seen::server_fin_first) && !connection.has_any(seen::server_data);
    return left_unanswered ? Outcome::closed_without_response : Outcome::closed;
}

/// The server has done more than send its SYN-ACK, so no queue holds the connection: opened it itself, too,
/// acknowledged data of the client, or sent some.
inline bool server_answered(const Connection& connection) {
    constexpr std::size_t client = tally::index(Side::client), server = tally::index(Side::server);
    return connection.has_any(seen::server_syn | seen::server_data) ||
           (connection.has(seen::synack) && after(connection.acked[server], connection.isn[client] + 1));
}

/// Notes a silence that this segment ends; to be called before `last_seen` moves on (stall.cpp).
void note_gap(Connection& connection, const Segment& segment, const Limits& limits);

/// What a segment did to the sequence numbers of a connection under way.
struct Progress {
    bool fresh;         ///< it occupies numbers that had not been sent
    bool acknowledges;  ///< it acknowledges what had not been acknowledged
};

/// Follows who waits for whom, and says so when it takes too long (stall.cpp).
void follow_flow(Connection& connection, const Segment& segment, Progress progress, const Limits& limits);

/// The SYN-ACK of an established connection again: the final ACK has not got into the server's queue (stall.cpp).
void synack_again(Connection& connection, const Segment& segment, const Limits& limits);

/// Handles a segment with RST (reset.cpp).
void on_reset(Connection& connection, const Segment& segment, const Limits& limits);

/// True for a segment that the other side's RST has overtaken on its way through the mirror port (reset.cpp).
bool was_overtaken(const Connection& connection, const Segment& segment, const Limits& limits);

/// Keeps what a RST says of who sent it, as evidence (reset.cpp).
void keep_evidence(Connection& connection, const Segment& segment);

/// The RST that is kept as evidence, as it was at that time (reset.cpp).
Segment reset_of(const Connection& connection, Time time);

/// Undoes the RST that decided and returns it, so that it can be judged again behind what it has overtaken (reset.cpp).
Segment take_back_reset(Connection& connection, const Limits& limits);

/// A segment behind the reset: data from who has reset shows that somebody else did (reset.cpp).
void note_after_reset(Connection& connection, const Segment& segment, bool fresh);

/// True if a segment after a reset shows that the reset killed nobody (reset.cpp).
bool lives_on(const Connection& connection, const Segment& segment);

/// Takes back what a RST has decided, and that it came from anybody who counted (reset.cpp).
void forget_reset(Connection& connection);

/// Lets the connection go on as if the RST had not come; `segment` is what showed that it lives (reset.cpp).
void revive(Connection& connection, const Segment& segment, const Limits& limits);

}  // namespace rstwatch::tcp
