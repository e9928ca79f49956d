// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tcp/record.h"

#include <utility>

#include "dataplane/tcp/state_machine.h"

namespace rstwatch::tcp {
namespace {

/// Payload from sequence numbers: what was sent, less SYN and FIN, which occupy one number each.
std::uint64_t bytes_by(const Connection& connection, Side side) {
    const std::size_t i = tally::index(side);
    if (!connection.has(seen::packet_by(side)) || connection.phase == Phase::unsolicited) return 0;
    const std::uint64_t occupied = connection.next[i] - connection.isn[i];
    const std::uint64_t sent = (std::uint64_t{connection.wraps[i]} << 32) + occupied;
    const std::uint64_t control = 1u + (connection.has(seen::fin_by(side)) ? 1u : 0u);
    return sent > control ? sent - control : 0;
}

/// Nothing but the RST that answers a SYN was seen (RFC 9293 section 3.10.7.1), not the SYN.
bool is_lone_refusal(const Connection& connection) {
    return connection.phase == Phase::unsolicited && connection.has(seen::server_rst | seen::early_ack) &&
           !connection.has_any(seen::client_packet | seen::synack) && connection.rst_sequence == 0;
}

std::uint16_t flags_of(const Connection& connection) {
    namespace flag = tally::record_flag;
    static constexpr std::pair<std::uint32_t, std::uint16_t> direct[] = {
        {seen::injected, flag::injected},
        {seen::rst_ignored, flag::rst_ignored},
        {seen::gap, flag::gap},
        {seen::server_syn, flag::simultaneous_open},
        {seen::duplicate, flag::duplicate_seen},
        {seen::tfo, flag::tfo},
        {seen::half_open_reset, flag::half_open_reset},
        {seen::slow_answer, flag::slow_answer},
        {seen::accepted, flag::accepted},
        {seen::evicted, flag::evicted},
    };
    std::uint16_t flags = 0;
    for (const auto& [fact, bit] : direct)
        if (connection.has(fact)) flags |= bit;
    const bool both_seen = connection.has(seen::client_packet | seen::server_packet);
    if (connection.has(seen::final_ack) && !both_seen) flags |= flag::one_way;
    if (is_lone_refusal(connection)) flags |= flag::lone_refusal;
    return flags;
}

}  // namespace

void fill_record(const Connection& connection, Outcome outcome, tally::AttemptRecord& record) {
    record.client = connection.client;
    record.server = connection.server;
    record.start = connection.start;
    record.end = connection.last_seen;
    record.decided = connection.verdict == no_verdict ? connection.last_seen : connection.verdict_time;
    record.counted_in = connection.verdict_interval;
    record.idle = Time{connection.idle} * 1000 * tally::microsecond;
    record.client_bytes = bytes_by(connection, Side::client);
    record.server_bytes = bytes_by(connection, Side::server);
    record.icmp_from = connection.icmp_from;
    record.icmp_type = connection.icmp_type;
    record.icmp_code = connection.icmp_code;
    record.icmp_seen = connection.has(seen::icmp);
    record.vlan = connection.vlan;
    record.vlan_count = connection.vlan_count;
    record.tunnel = connection.tunnel;
    record.flags = flags_of(connection);
    record.domain = connection.domain;
    record.syn_count = connection.syn_count;
    record.rst_count = connection.rst_count;
    record.synack_count = connection.synack_count;
    record.client_ttl = connection.ttl[tally::index(Side::client)];
    record.server_ttl = connection.ttl[tally::index(Side::server)];
    record.rst_ttl = connection.rst_ttl;
    record.outcome = outcome;
    record.zeek_state = zeek_state(connection);
    record.rst_by = connection.rst_by;
    record.rst_shape = connection.rst_shape;
}

}  // namespace rstwatch::tcp
