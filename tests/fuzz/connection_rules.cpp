// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/connection_rules.h"

#include <initializer_list>

#include "dataplane/tcp/state_machine.h"
#include "tests/fuzz/require.h"

namespace rstwatch::fuzz {
namespace {

using tcp::Connection;
using tcp::Outcome;
using tcp::Phase;
namespace seen = tcp::seen;

bool is_one_of(Outcome outcome, std::initializer_list<Outcome> outcomes) {
    for (const Outcome each : outcomes)
        if (each == outcome) return true;
    return false;
}

/// Whether a connection in this phase may have this verdict.
bool may_say(const Connection& connection, Outcome outcome) {
    switch (connection.phase) {
        case Phase::syn_sent:
            return is_one_of(outcome, {Outcome::unanswered, Outcome::icmp_rejected});
        case Phase::syn_received:
            return outcome == Outcome::handshake_incomplete;
        case Phase::established:
            return is_one_of(outcome, {Outcome::blackholed, Outcome::zero_window_stall, Outcome::listen_overflow});
        case Phase::closed:
            return is_one_of(outcome, {Outcome::closed, Outcome::closed_without_response, Outcome::reset_after_fin});
        case Phase::reset:
        case Phase::finished:
            return tally::is_attempt(outcome) == tcp::is_attempt(connection) &&
                   !is_one_of(outcome, {Outcome::open, Outcome::undetermined, Outcome::midstream,
                                        Outcome::refused_by_device, Outcome::client_restarted});
        case Phase::unsolicited:
        case Phase::midstream:
        case Phase::none:
            return false;
    }
    return false;
}

bool must_say(Phase phase) {
    return phase == Phase::closed || phase == Phase::reset || phase == Phase::finished;
}

void check_verdict(const Connection& connection, tcp::Time now) {
    const auto outcome = connection.outcome();
    require(outcome || !must_say(connection.phase));
    if (!outcome) return;
    require(tally::index(*outcome) < tally::outcome_count && may_say(connection, *outcome));
    require(connection.start <= connection.verdict_time && connection.verdict_time <= now);
}

/// Only what lives on waits for nothing.
void check_deadline(const Connection& connection, tcp::Time now) {
    require(connection.deadline == 0 || connection.deadline > now);
    if (connection.deadline != 0) return;
    require(connection.phase == Phase::established || connection.phase == Phase::midstream);
    require(connection.verdict == tcp::no_verdict);
}

void check_counts(const Connection& connection) {
    const bool has_syn = connection.syn_count > 0, has_synack = connection.synack_count > 0;
    require(!tcp::is_attempt(connection) || has_syn || has_synack);
    require(!connection.has_any(seen::client_rst | seen::server_rst) || connection.rst_count > 0);
    require(!connection.has(seen::synack) || has_synack);
}

}  // namespace

void check(const Connection& connection, tcp::Time now) {
    require(connection.phase > Phase::none && connection.phase <= Phase::finished);
    require(connection.start <= connection.last_seen && connection.last_seen <= now);
    require(connection.idle <= (connection.last_seen - connection.start) / 1000);
    require(connection.has_any(seen::client_packet | seen::server_packet));
    const bool needs_attempt = connection.phase != Phase::unsolicited && connection.phase != Phase::midstream &&
                               connection.phase != Phase::reset;
    require(!needs_attempt || tcp::is_attempt(connection));
    require(tcp::is_attempt(connection) || connection.phase == Phase::reset || !needs_attempt);
    if (tcp::is_open(connection)) require(connection.deadline == 0 && connection.has(seen::final_ack));
    check_deadline(connection, now);
    check_verdict(connection, now);
    check_counts(connection);
}

void check_step(const Connection& before, const Connection& after) {
    require(after.start == before.start);
    require(tcp::is_attempt(after) || !tcp::is_attempt(before));
    require(after.syn_count >= before.syn_count);
    require(after.wraps[0] >= before.wraps[0] && after.wraps[1] >= before.wraps[1]);
    require((after.seen & before.seen & seen::sides) == (before.seen & seen::sides));
    if (before.phase != Phase::finished) return;
    require(after.phase == Phase::finished && after.verdict == before.verdict && after.deadline == before.deadline);
}

void check_record(const tally::AttemptRecord& record, const Connection& connection, tcp::Time now) {
    constexpr std::uint64_t most_bytes = std::uint64_t{0x100} << 32;  // every wrap that is counted, and one under way
    require(record.start <= record.end && record.end <= now);
    require(record.start <= record.decided && record.decided <= now);
    require(record.client_bytes < most_bytes && record.server_bytes < most_bytes);
    require(record.zeek_state <= tally::ZeekState::OTH);
    require(record.syn_count > 0 || record.synack_count > 0 || !tally::is_attempt(record.outcome));
    const bool by_rst = record.rst_by != tally::RstBy::nobody;
    require(!by_rst || record.rst_count > 0);
    require(by_rst == (record.rst_shape != tally::RstShape::none));
    require(!record.icmp_seen || tcp::is_attempt(connection));
}

}  // namespace rstwatch::fuzz
