// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "dataplane/packet/packet_view.h"
#include "dataplane/tcp/connection.h"

namespace rstwatch::tcp {

/// Time limits of the state machine, in microseconds of packet time (settings `deadline.*`).
struct Limits {
    Time provisional;     ///< until `unanswered` and `handshake_incomplete` are first said
    Time unanswered;      ///< after the last SYN, until `unanswered` is final
    Time syn_ack;         ///< after the first SYN-ACK, until `handshake_incomplete` is final
    Time reset;           ///< after the last RST
    Time closed;          ///< after both FINs; and how long a finished attempt is remembered
    Time early_answer;    ///< by how much an answer may come before its SYN
    Time half_open_scan;  ///< within which a half-open scanner tears the handshake down
    Time reset_hold;      ///< by how much a RST may overtake what the other side sent before it
    Time gap;             ///< silence after which a device is taken to have forgotten the connection, if it resets it
    Time long_gap;        ///< likewise if the RST looks like the peer's own
    Time stall;           ///< for how long nothing repeated may be answered before that is a verdict
    Time stalled;         ///< after the last packet of a stalled connection, until the verdict is final
    bool every_segment = true;  ///< false: established connections show their control segments only (tracking.depth)
};

/// One TCP segment, as far as a connection's life depends on it.
struct Segment {
    Time time = 0;
    Side from = Side::client;
    std::uint8_t flags = 0;    ///< of packet::tcp_flag
    std::uint8_t options = 0;  ///< of packet::tcp_option
    std::uint8_t ttl = 0;
    std::uint16_t window = 0;
    std::uint16_t ip_id = 0;  ///< 0 for IPv6
    std::uint32_t sequence = 0;
    std::uint32_t acknowledgement = 0;
    std::uint32_t payload_length = 0;

    bool syn() const { return flags & packet::tcp_flag::syn; }
    bool ack() const { return flags & packet::tcp_flag::ack; }
    bool rst() const { return flags & packet::tcp_flag::rst; }
    bool fin() const { return flags & packet::tcp_flag::fin; }
    /// The sequence number behind everything that the segment occupies (RFC 9293 section 3.4).
    std::uint32_t end() const { return sequence + payload_length + (syn() ? 1u : 0u) + (fin() ? 1u : 0u); }
};

inline Segment segment_of(const packet::PacketView& view, Time time) {
    Segment segment;
    segment.time = time;
    segment.flags = view.tcp_flags;
    segment.options = view.tcp_options;
    segment.ttl = view.ttl;
    segment.window = view.window;
    segment.ip_id = view.ip_id;
    segment.sequence = view.sequence;
    segment.acknowledgement = view.acknowledgement;
    segment.payload_length = view.payload_length;
    return segment;
}

/// True for segments that make or end connections, and for probes: everything that does not just acknowledge.
inline bool is_control(std::uint8_t flags) {
    using namespace packet::tcp_flag;
    return (flags & (syn | fin | rst)) != 0 || (flags & ack) == 0;
}

/// What the caller has to do with a segment that it handed to step().
enum class Step : std::uint8_t {
    taken,       ///< it belongs to the connection, whose state has changed as it should
    new_attempt  ///< it begins another attempt on the same four-tuple: finish this one, then begin() anew
};

/// Takes the first segment of an empty entry, whose endpoints and roles the caller has set by sender_is_client().
void begin(Connection& connection, const Segment& segment, const Limits& limits);

/// True if the sender of the first segment seen is to be taken for the client. A SYN settles it; the receiver of a
/// SYN-ACK or of a RST with ACK and sequence 0 is the client; else the higher port is (a guess).
bool sender_is_client(const Segment& segment, std::uint16_t source_port, std::uint16_t destination_port);

/// Whether a host counts the IP identifications of its packets up, by two of them.
inline bool follows_in_ip_id(std::uint16_t last, std::uint16_t next) {
    constexpr std::uint16_t next_ones = 64;  // a host may count for all its connections together
    return last != 0 && static_cast<std::uint16_t>(next - last - 1) < next_ones;
}

/// By its last two.
inline void note_ip_id(Connection& connection, const Segment& segment) {
    std::uint16_t& last = connection.ip_id[tally::index(segment.from)];
    follows_in_ip_id(last, segment.ip_id) ? connection.set_flow(segment.from, flow::counts_ids)
                                          : connection.clear_flow(segment.from, flow::counts_ids);
    last = segment.ip_id;
}

/// Advances the connection by one segment. A pure function of its arguments: verdicts appear in `connection.verdict`,
/// never elsewhere. Does not need predict() before it.
[[nodiscard]] Step step(Connection& connection, const Segment& segment, const Limits& limits);

/// An ICMP error that quotes a segment of this connection.
void icmp_error(Connection& connection, Time time, Side quoted_sender, std::uint32_t quoted_sequence,
                const packet::PacketView& message, const Limits& limits);

/// What has become of a connection whose deadline has passed.
enum class Expiry : std::uint8_t {
    goes_on,     ///< perhaps with a provisional verdict and a later deadline
    final,       ///< the verdict is final; count it, keep the entry as `finished`
    final_gone,  ///< the verdict is final; count it and free the entry
    gone         ///< nothing more to count; free the entry
};

/// Judges a connection at its deadline (`connection.deadline`, not later: what is decided is dated by it).
[[nodiscard]] Expiry expire(Connection& connection, const Limits& limits);

/// The outcome if nothing more is ever seen of the connection: at the end of a capture, or when its entry must give
/// way.
Outcome outcome_as_it_stands(const Connection& connection);

/// The outcome of an attempt whose four-tuple begins another one.
Outcome outcome_when_replaced(const Connection& connection);

/// The attempt's summary in Zeek's words (conn_state).
tally::ZeekState zeek_state(const Connection& connection);

/// True from the SYN on, for what counts as an attempt.
inline bool is_attempt(const Connection& connection) {
    return connection.has(seen::client_syn);
}

/// True while the outcome may hang on a segment that only acknowledges.
inline bool wants_every_segment(const Connection& connection) {
    switch (connection.phase) {
        case Phase::syn_sent:
        case Phase::syn_received:
        case Phase::reset:
        case Phase::unsolicited:
            return true;
        case Phase::closed:
            return !connection.has(seen::both_fins);  // the other side may show after all
        default:
            return false;
    }
}

/// True for an attempt that is established and whose end was not seen: counted as `open`.
inline bool is_open(const Connection& connection) {
    return connection.phase == Phase::established && is_attempt(connection) && connection.verdict == no_verdict;
}

}  // namespace rstwatch::tcp
