// SPDX-License-Identifier: Apache-2.0
#include "control/export/connections.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "control/export/json_values.h"

namespace rstwatch::control {
namespace {

Json flags_json(std::uint16_t flags) {
    namespace flag = tally::record_flag;
    static constexpr std::pair<std::uint16_t, const char*> names[] = {
        {flag::injected, "injected"},
        {flag::rst_ignored, "rst_ignored"},
        {flag::gap, "gap"},
        {flag::one_way, "one_way"},
        {flag::duplicate_seen, "duplicate_seen"},
        {flag::simultaneous_open, "simultaneous_open"},
        {flag::tfo, "tfo"},
        {flag::slow_answer, "slow_answer"},
        {flag::evicted, "evicted"},
    };
    Json json = Json::array();
    for (const auto& [bit, name] : names)
        if (flags & bit) json.push_back(name);
    return json;
}

const char* name(tally::ZeekState state) {
    static constexpr const char* names[] = {"S0",   "S1",     "SF",    "REJ", "S2",  "S3", "RSTO",
                                            "RSTR", "RSTOS0", "RSTRH", "SH",  "SHR", "OTH"};
    return names[static_cast<std::size_t>(state)];
}

const char* name(tally::RstBy by) {
    static constexpr const char* names[] = {"", "client", "server", "device"};
    return names[static_cast<std::size_t>(by)];
}

Json vlan_json(const tally::AttemptRecord& record) {
    Json json = Json::array();
    for (std::size_t i = 0; i < std::min<std::size_t>(record.vlan_count, record.vlan.size()); ++i)
        json.push_back(record.vlan[i]);
    return json;
}

}  // namespace

std::string connection_json(const tally::AttemptRecord& record) {
    Json json = {{"client", to_string(record.client)},
                 {"server", to_string(record.server)},
                 {"start", seconds(record.start)},
                 {"end", seconds(record.end)},
                 {"outcome", tally::name(record.outcome)},
                 {"zeek_state", name(record.zeek_state)},
                 {"flags", flags_json(record.flags)},
                 {"syn", record.syn_count},
                 {"rst", record.rst_count},
                 {"client_bytes", record.client_bytes},
                 {"server_bytes", record.server_bytes}};
    if (record.rst_by != tally::RstBy::nobody) {
        json["rst_by"] = name(record.rst_by);
        json["rst_shape"] = record.rst_shape == tally::RstShape::abort ? "abort" : "no_socket";
    }
    if (record.icmp_seen)
        json["icmp"] = {{"type", record.icmp_type}, {"code", record.icmp_code}, {"from", to_string(record.icmp_from)}};
    if (record.vlan_count > 0) json["vlan"] = vlan_json(record);
    if (record.tunnel != tally::Tunnel::none) json["tunnel"] = tally::name(record.tunnel);
    return json.dump(-1, ' ', true);
}

void ConnectionLog::add(const std::vector<tally::AttemptRecord>& records) {
    records_.insert(records_.end(), records.begin(), records.end());
}

void ConnectionLog::settle(const Scanners& scanners, const SpanFacts& span, const Assumptions& assumptions) {
    for (tally::AttemptRecord& record : records_) {
        const bool torn_down = (record.flags & tally::record_flag::half_open_reset) != 0 &&
                               record.outcome == tally::Outcome::client_cancelled;
        if (torn_down && scanners.is_half_open_scanner(record.client.address))
            record.outcome = tally::Outcome::half_open_scan;
        if (is_assumed(record) && !assumptions.hold_for(record.client.address)) {
            record.outcome = tally::Outcome::unsolicited;
            record.flags &= static_cast<std::uint16_t>(~tally::record_flag::one_way);
        }
        if (record.outcome == tally::Outcome::unanswered && span.shows_clients_only())
            record.flags |= tally::record_flag::one_way;
    }
    std::ranges::stable_sort(records_, {}, [](const tally::AttemptRecord& record) {
        return std::tie(record.start, record.client, record.server, record.end);
    });
}

void ConnectionLog::write_array(std::FILE* out) const {
    std::fputc('[', out);
    bool first = true;
    for (const tally::AttemptRecord& record : records_) {
        std::fputs(first ? "\n" : ",\n", out);
        std::fputs(connection_json(record).c_str(), out);
        first = false;
    }
    std::fputc(']', out);
}

void ConnectionLog::write_lines(std::FILE* out) const {
    for (const tally::AttemptRecord& record : records_) {
        std::fputs(connection_json(record).c_str(), out);
        std::fputc('\n', out);
    }
}

}  // namespace rstwatch::control
