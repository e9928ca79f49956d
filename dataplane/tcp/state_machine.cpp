// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tcp/state_machine.h"

#include "dataplane/tcp/sequence.h"
#include "dataplane/tcp/verdict.h"

namespace rstwatch::tcp {
namespace {

constexpr std::size_t client = tally::index(Side::client);
constexpr std::size_t server = tally::index(Side::server);

/// Moves `next` forward, counting each passage of the initial sequence number (4 GiB). Returns true on new ground.
bool advance(Connection& connection, std::size_t side, std::uint32_t end) {
    const std::uint32_t step = end - connection.next[side];
    if (step == 0 || step > largest_window) return false;
    const std::uint32_t sent = connection.next[side] - connection.isn[side];
    if (sent + step < sent && connection.wraps[side] < 0xff) ++connection.wraps[side];
    connection.next[side] = end;
    return true;
}

void note(Connection& connection, const Segment& segment) {
    const std::size_t side = tally::index(segment.from);
    connection.last_seen = segment.time;
    connection.seen |= seen::packet_by(segment.from);
    if (connection.ttl[side] == 0 && !segment.rst()) connection.ttl[side] = segment.ttl;
    note_ip_id(connection, segment);
}

/// True if more has been acknowledged than before.
bool take_ack(Connection& connection, const Segment& segment) {
    std::uint32_t& acked = connection.acked[tally::index(segment.from)];
    const bool first = acked == 0;
    const bool more = after(segment.acknowledgement, acked);
    if (more || first) acked = segment.acknowledgement;
    return more && !first;
}

void take_syn(Connection& connection, const Segment& segment) {
    connection.isn[client] = segment.sequence;
    connection.next[client] = segment.end();
    connection.seen |= seen::client_syn;
    if (segment.options & (packet::tcp_option::timestamps | packet::tcp_option::window_scale))
        connection.seen |= seen::modern_syn;
    if (segment.payload_length > 0) connection.seen |= seen::tfo | seen::client_data;
    connection.syn_count = 1;
    connection.last_syn = static_cast<std::uint32_t>(segment.time);
}

void take_synack(Connection& connection, const Segment& segment, const Limits& limits) {
    if (connection.verdict != no_verdict && !connection.has(seen::challenged)) connection.seen |= seen::slow_answer;
    withdraw_verdict(connection);
    connection.seen |= seen::synack;
    connection.isn[server] = segment.sequence;
    connection.next[server] = segment.end();
    connection.acked[server] = segment.acknowledgement;
    connection.synack_time = segment.time;
    connection.synack_count = 1;
    if (segment.payload_length > 0) connection.seen |= seen::server_data;
    connection.phase = Phase::syn_received;
    connection.deadline = segment.time + limits.provisional;
}

/// The side that was not seen shows after all: it will say itself what becomes of the connection, unless the other one
/// has reset it.
void reopen(Connection& connection, const Limits& limits) {
    const bool was_reset = connection.rst_by != tally::RstBy::nobody;
    const Segment reset = reset_of(connection, connection.verdict_time);
    connection.phase = Phase::established;
    forget_reset(connection);
    connection.deadline = 0;
    if (!was_reset) return;
    --connection.rst_count;
    on_reset(connection, reset, limits);
}

/// Which FIN was first follows from what they acknowledge: on a mirror port the order of arrival may lie.
void order_fins(Connection& connection, const Segment& segment) {
    const Side other = tally::other(segment.from);
    const std::size_t i = tally::index(other);
    const bool knows_others = segment.ack() && !before(segment.acknowledgement, connection.next[i]);
    const bool known_to_other = !after(segment.end(), connection.acked[i]);
    const bool first = !connection.has(seen::fin_by(other)) || (!knows_others && known_to_other);
    const bool by_server = segment.from == Side::server;
    if (first == by_server) {
        connection.seen |= seen::server_fin_first;
    } else {
        connection.seen &= ~seen::server_fin_first;
    }
}

void take_fin(Connection& connection, const Segment& segment, const Limits& limits) {
    if (connection.has(seen::fin_by(segment.from))) return;
    order_fins(connection, segment);
    if (after(segment.sequence, connection.isn[tally::index(segment.from)] + 1))
        connection.seen |= seen::data_by(segment.from);
    connection.seen |= seen::fin_by(segment.from);
    // A side that is never seen is taken to have closed, too.
    const bool unseen_other = !connection.has(seen::packet_by(tally::other(segment.from)));
    if (!connection.has(seen::both_fins) && !unseen_other) return;
    connection.deadline = segment.time + limits.closed;
    if (connection.phase != Phase::established) return;
    connection.phase = Phase::closed;
    give_verdict(connection, closing_outcome(connection), segment.time);
}

/// What one side acknowledges the other has sent, also when the monitor did not see it.
void infer_from_ack(Connection& connection, const Segment& segment, const Limits& limits) {
    const Side sender = tally::other(segment.from);
    const std::size_t side = tally::index(sender);
    if (!connection.has(seen::packet_by(sender)) && connection.next[side] == 0) return;
    const std::uint32_t unseen = segment.acknowledgement - connection.next[side];
    if (!advance(connection, side, segment.acknowledgement)) return;
    // Of a side that is never seen nothing is missing: the view is one-way.
    if (limits.every_segment && connection.has(seen::packet_by(sender))) connection.seen |= seen::gap;
    if (unseen > 1) connection.seen |= seen::data_by(sender);  // a single one may be a FIN
}

/// One side alone, and it acknowledges more and more: the other one is there and is not shown.
void note_one_sided(Connection& connection, const Segment& segment, bool acknowledges) {
    const bool alone = !connection.has(seen::packet_by(tally::other(segment.from)));
    if (alone && (acknowledges || connection.has(seen::final_ack))) connection.seen |= seen::one_sided;
}

/// A segment in the life of a connection that is under way.
void track(Connection& connection, const Segment& segment, const Limits& limits) {
    const std::size_t side = tally::index(segment.from);
    const bool first_of_side = !connection.has(seen::packet_by(segment.from));
    if (first_of_side && !is_attempt(connection)) {
        connection.isn[side] = segment.sequence - 1;
        connection.next[side] = segment.sequence;
    }
    if (limits.every_segment) note_gap(connection, segment, limits);
    note(connection, segment);
    Progress progress{advance(connection, side, segment.end()), false};
    if (progress.fresh && segment.payload_length > 0) connection.seen |= seen::data_by(segment.from);
    if (segment.ack()) {
        infer_from_ack(connection, segment, limits);
        progress.acknowledges = take_ack(connection, segment);
    }
    note_one_sided(connection, segment, progress.acknowledges);
    if (limits.every_segment) follow_flow(connection, segment, progress, limits);
    if (segment.fin()) take_fin(connection, segment, limits);
}

/// An answer that overtook its SYN on the way through the SPAN port.
bool was_early_answer(const Connection& connection, const Segment& segment, const Limits& limits) {
    return connection.phase == Phase::unsolicited && segment.from == Side::client &&
           !connection.has(seen::client_packet) && segment.time - connection.start <= limits.early_answer &&
           connection.has(seen::early_ack) && within(connection.acked[server], segment.sequence + 1, segment.end());
}

void adopt_early_answer(Connection& connection, const Segment& segment, const Limits& limits) {
    Segment answer;
    answer.time = connection.start;
    answer.from = Side::server;
    answer.flags = packet::tcp_flag::syn | packet::tcp_flag::ack;
    answer.sequence = connection.isn[server];
    answer.acknowledgement = connection.acked[server];
    answer.ttl = connection.ttl[server];
    const bool was_synack = connection.has(seen::synack), was_reset = connection.has(seen::server_rst);
    Segment reset = reset_of(connection, was_synack ? connection.last_seen : connection.start);
    if (!was_synack) reset.flags |= packet::tcp_flag::ack;  // else it had been no answer
    take_syn(connection, segment);
    note(connection, segment);
    connection.phase = Phase::syn_sent;
    if (was_synack) take_synack(connection, answer, limits);
    if (!was_reset) return;
    --connection.rst_count;
    on_reset(connection, reset, limits);
}

Step repeat_syn(Connection& connection, const Segment& segment, const Limits& limits) {
    if (connection.syn_count < 0xffff) ++connection.syn_count;
    connection.last_syn = static_cast<std::uint32_t>(segment.time);
    note(connection, segment);
    if (connection.phase == Phase::syn_sent && connection.verdict != no_verdict)
        connection.deadline = segment.time + limits.unanswered;
    if (connection.phase == Phase::reset) connection.deadline = segment.time + limits.reset;
    return Step::taken;
}

Step on_syn(Connection& connection, const Segment& segment, const Limits& limits) {
    const bool from_client = segment.from == Side::client;
    if (from_client && is_attempt(connection) && segment.sequence == connection.isn[client])
        return repeat_syn(connection, segment, limits);
    if (!from_client && connection.has(seen::server_syn) && segment.sequence == connection.isn[server])
        return Step::taken;
    if (was_early_answer(connection, segment, limits)) {
        adopt_early_answer(connection, segment, limits);
        return Step::taken;
    }
    if (!from_client && connection.phase == Phase::syn_sent) {
        connection.seen |= seen::server_syn;
        connection.isn[server] = segment.sequence;
        connection.next[server] = segment.end();
        note(connection, segment);
        return Step::taken;
    }
    return Step::new_attempt;
}

bool acknowledges_syn(const Connection& connection, const Segment& segment) {
    return within(segment.acknowledgement, connection.isn[client] + 1, connection.next[client]);
}

void synack_before_handshake(Connection& connection, const Segment& segment, const Limits& limits) {
    if (segment.from == Side::client) {
        // Simultaneous open (RFC 9293 section 3.5): each side acknowledges the other's SYN with a SYN-ACK.
        if (connection.has(seen::server_syn)) connection.seen |= seen::final_ack;
        return;
    }
    if (!acknowledges_syn(connection, segment)) {
        connection.seen |= seen::bad_synack;
        connection.acked[server] = segment.acknowledgement;
        return;
    }
    const bool other_half_done = connection.has(seen::server_syn | seen::final_ack);
    const bool was_reset = connection.phase == Phase::reset;
    take_synack(connection, segment, limits);
    if (was_reset) {
        if (connection.has(seen::server_rst)) connection.seen |= seen::refusal_doubted;
        forget_reset(connection);  // it was not the answer
        // What ended the server's earlier connection was not meant for this one (RFC 9293 section 3.5.1).
        if (!connection.has(seen::challenged)) connection.seen |= seen::rst_ignored;
    }
    if (other_half_done) establish(connection);
}

void on_segment(Connection& connection, const Segment& segment, const Limits& limits);
void on_synack(Connection& connection, const Segment& segment, const Limits& limits);

/// Judges as if this segment had come in its turn.
void put_before_reset(Connection& connection, const Segment& segment, const Limits& limits) {
    const Segment reset = take_back_reset(connection, limits);
    Segment earlier = segment;
    earlier.time = connection.last_seen = reset.time;  // whatever has come since
    // It was this segment that broke the silence.
    const bool after_gap = connection.flows(reset.from, flow::after_gap);
    const bool after_long_gap = connection.flows(reset.from, flow::after_long_gap);
    earlier.syn() ? on_synack(connection, earlier, limits) : on_segment(connection, earlier, limits);
    if (after_gap) connection.set_flow(earlier.from, flow::after_gap);
    if (after_long_gap) connection.set_flow(earlier.from, flow::after_long_gap);
    on_reset(connection, reset, limits);
    --connection.rst_count;
    connection.last_seen = segment.time;
}

/// A SYN-ACK that the client's answer to it has overtaken on its way through the mirror port.
bool is_late_synack(const Connection& connection, const Segment& segment) {
    const bool was_answered = connection.phase == Phase::reset
                                  ? connection.has(seen::final_ack) && !connection.has(seen::server_rst)
                                  : connection.phase != Phase::syn_sent;
    return segment.from == Side::server && is_attempt(connection) && !connection.has(seen::synack) && was_answered &&
           segment.sequence == connection.isn[server] && acknowledges_syn(connection, segment);
}

void on_synack(Connection& connection, const Segment& segment, const Limits& limits) {
    if (connection.phase == Phase::reset && was_overtaken(connection, segment, limits))
        return put_before_reset(connection, segment, limits);
    note(connection, segment);
    if (is_late_synack(connection, segment)) {
        connection.seen |= seen::synack;
        connection.synack_time = segment.time;
        (void)take_ack(connection, segment);
    }
    const bool by_server = segment.from == Side::server;
    switch (connection.phase) {
        case Phase::reset:
            if (connection.has(seen::synack) || !is_attempt(connection)) break;
            [[fallthrough]];
        case Phase::syn_sent:
            synack_before_handshake(connection, segment, limits);
            return;
        case Phase::syn_received:
            if (!by_server && connection.has(seen::server_syn)) return establish(connection);
            if (by_server && segment.sequence != connection.isn[server]) {
                connection.isn[server] = segment.sequence;
                connection.next[server] = segment.end();
            }
            break;
        case Phase::unsolicited:
            connection.deadline = segment.time + limits.reset;
            break;
        default:
            break;
    }
    if (by_server && connection.synack_count < 0xffff) ++connection.synack_count;
    const bool answers_are_seen = limits.every_segment && connection.phase == Phase::established;
    if (by_server && answers_are_seen) synack_again(connection, segment, limits);
}

/// A segment of a connection whose SYN-ACK was not seen: the monitor lost it, or sees one direction only.
bool shows_missed_synack(const Connection& connection, const Segment& segment) {
    constexpr std::uint32_t plausible_advance = 1u << 20;
    if (!segment.ack()) return false;
    if (segment.from == Side::server) return acknowledges_syn(connection, segment);
    return within(segment.sequence, connection.isn[client] + 1, connection.next[client] + plausible_advance);
}

void in_syn_sent(Connection& connection, const Segment& segment, const Limits& limits) {
    if (!shows_missed_synack(connection, segment)) {
        if (segment.ack() && segment.from == Side::server) {
            connection.seen |= seen::challenged;
            connection.acked[server] = segment.acknowledgement;
            note(connection, segment);
        }
        return;
    }
    const bool by_client = segment.from == Side::client;
    connection.isn[server] = (by_client ? segment.acknowledgement : segment.sequence) - 1;
    connection.next[server] = connection.isn[server] + 1;
    // The client's SYN-ACK before it: a split handshake has none of the server (RFC 9293 section 3.5, simultaneous open
    // by one side only).
    const bool split = connection.has(seen::final_ack);
    if (!split && (!by_client || connection.has(seen::server_packet))) connection.seen |= seen::gap;
    establish(connection);
    track(connection, segment, limits);
}

void in_syn_received(Connection& connection, const Segment& segment, const Limits& limits) {
    if (!segment.ack()) return;
    if (segment.from == Side::client) {
        if (!within(segment.acknowledgement, connection.isn[server] + 1, connection.next[server])) {
            connection.seen |= seen::bad_final_ack;
            connection.acked[client] = segment.acknowledgement;
            note(connection, segment);
            return;
        }
        establish(connection);
    } else if (after(segment.acknowledgement, connection.next[client]) ||
               (segment.payload_length > 0 && !connection.has(seen::tfo)) || segment.fin()) {
        // Only Fast Open lets a server speak before the final ACK (RFC 7413 section 4.2): the ACK was missed.
        connection.seen |= seen::gap;
        establish(connection);
    }
    track(connection, segment, limits);
}

/// Life behind a SYN-ACK or RST that came first: the connection began before the monitor did.
void in_unsolicited(Connection& connection, const Segment& segment, const Limits& limits) {
    const Side resetter = connection.has(seen::server_rst) ? Side::server : Side::client;
    const bool provoked_reset = connection.has(seen::rst_by(resetter)) && segment.from != resetter && segment.ack() &&
                                segment.acknowledgement == connection.rst_sequence &&
                                segment.time - connection.start <= limits.reset_hold;
    if (!segment.ack() || provoked_reset) {
        note(connection, segment);
        connection.deadline = segment.time + limits.reset;
        return;
    }
    if (connection.has(seen::synack) && segment.from == Side::server && !connection.has(seen::client_packet)) {
        // Nobody goes on after a SYN-ACK but a server whose client is not shown.
        connection.isn[client] = connection.acked[server] - 1;
        connection.next[client] = connection.acked[server];
        connection.seen |= seen::client_syn;
        forget_reset(connection);
        establish(connection);
    } else {
        connection.phase = Phase::midstream;
        connection.deadline = 0;
    }
    track(connection, segment, limits);
}

void on_segment(Connection& connection, const Segment& segment, const Limits& limits) {
    switch (connection.phase) {
        case Phase::syn_sent:
            return in_syn_sent(connection, segment, limits);
        case Phase::syn_received:
            return in_syn_received(connection, segment, limits);
        case Phase::established:
        case Phase::midstream:
        case Phase::closed:
            return track(connection, segment, limits);
        case Phase::unsolicited:
            return in_unsolicited(connection, segment, limits);
        case Phase::reset:
            if (was_overtaken(connection, segment, limits)) {
                put_before_reset(connection, segment, limits);
            } else if (lives_on(connection, segment)) {
                revive(connection, segment, limits);
                on_segment(connection, segment, limits);
            } else {
                note(connection, segment);
                const bool fresh = advance(connection, tally::index(segment.from), segment.end());
                if (segment.fin()) connection.seen |= seen::fin_by(segment.from);
                note_after_reset(connection, segment, fresh);
            }
            return;
        case Phase::none:
        case Phase::finished:
            return;
    }
}

void begin_unsolicited(Connection& connection, const Segment& segment, const Limits& limits) {
    connection.phase = Phase::unsolicited;
    connection.deadline = segment.time + limits.reset;
    const std::size_t side = tally::index(segment.from);
    connection.isn[side] = segment.sequence;
    connection.next[side] = segment.end();
    if (segment.fin()) connection.seen |= seen::fin_by(segment.from);
    if (segment.ack()) {
        connection.acked[side] = segment.acknowledgement;
        connection.seen |= seen::early_ack;
    }
    if (segment.rst()) {
        connection.seen |= seen::rst_by(segment.from);
        connection.rst_count = 1;
        keep_evidence(connection, segment);
    } else if (segment.syn()) {
        connection.seen |= seen::synack;
        connection.synack_count = 1;
        connection.synack_time = segment.time;
    }
}

}  // namespace

bool sender_is_client(const Segment& segment, std::uint16_t source_port, std::uint16_t destination_port) {
    if (segment.syn()) return !segment.ack();
    if (segment.rst() && segment.ack() && segment.sequence == 0) return false;
    if (!segment.rst() && !segment.ack()) return true;  // a probe
    return source_port > destination_port;
}

void begin(Connection& connection, const Segment& segment, const Limits& limits) {
    connection.start = connection.last_seen = segment.time;
    const bool opens = segment.syn() && !segment.ack() && !segment.rst();
    if (opens) {
        take_syn(connection, segment);
        connection.phase = Phase::syn_sent;
        connection.deadline = segment.time + limits.provisional;
        note(connection, segment);
    } else if (segment.rst() || segment.syn() || !segment.ack()) {
        begin_unsolicited(connection, segment, limits);
        note(connection, segment);
    } else {
        connection.phase = Phase::midstream;
        track(connection, segment, limits);
    }
}

Step step(Connection& connection, const Segment& segment, const Limits& limits) {
    if (segment.rst()) {
        if (limits.every_segment) note_gap(connection, segment, limits);
        const bool prompt = segment.time - connection.last_seen <= limits.reset_hold;
        prompt ? connection.set_flow(Side::client, flow::prompt) : connection.clear_flow(Side::client, flow::prompt);
        connection.last_seen = segment.time;
        on_reset(connection, segment, limits);
        connection.seen |= seen::packet_by(segment.from);
        return Step::taken;
    }
    if (segment.syn() && !segment.ack()) return on_syn(connection, segment, limits);
    const bool closed_by_assumption = connection.phase == Phase::closed && !connection.has(seen::both_fins);
    if (closed_by_assumption && !connection.has(seen::packet_by(segment.from))) reopen(connection, limits);
    if (segment.syn()) {
        on_synack(connection, segment, limits);
    } else {
        on_segment(connection, segment, limits);
    }
    return Step::taken;
}

}  // namespace rstwatch::tcp
