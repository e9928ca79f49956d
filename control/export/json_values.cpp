// SPDX-License-Identifier: Apache-2.0
#include "control/export/json_values.h"

namespace rstwatch::control {

using tally::PacketClass;

Json packets_json(const tally::PacketTotals& packets) {
    return {{"received", packets.received},
            {"tcp", packets.of(PacketClass::tcp)},
            {"icmp_errors", packets.of(PacketClass::icmp_error)},
            {"other_ip", packets.of(PacketClass::other_ip)},
            {"non_ip", packets.of(PacketClass::non_ip)},
            {"fragments", packets.of(PacketClass::fragment)},
            {"malformed", packets.of(PacketClass::malformed)},
            {"duplicates", packets.duplicates},
            {"bytes", packets.bytes},
            {"time_backwards", packets.time_backwards}};
}

Json tcp_flags_json(const tally::PacketTotals& packets) {
    return {{"syn", packets.syn},   {"syn_ack", packets.syn_ack},
            {"rst", packets.rst},   {"rst_ack", packets.rst_ack},
            {"fin", packets.fin},   {"null", packets.null},
            {"xmas", packets.xmas}, {"tcp_total", packets.of(PacketClass::tcp)}};
}

Json outcomes_json(const std::array<std::uint64_t, tally::outcome_count>& outcomes) {
    Json json = Json::object();
    for (const tally::Outcome outcome : tally::all_outcomes())
        json[std::string(name(outcome))] = outcomes[tally::index(outcome)];
    return json;
}

Json nonzero_outcomes_json(const std::array<std::uint64_t, tally::outcome_count>& outcomes) {
    Json json = Json::object();
    for (const tally::Outcome outcome : tally::all_outcomes())
        if (outcomes[tally::index(outcome)] > 0) json[std::string(name(outcome))] = outcomes[tally::index(outcome)];
    return json;
}

Json table_json(const TableState& table) {
    return {{"capacity", table.capacity},
            {"used", table.used},
            {"overflowed", table.overflowed},
            {"evicted", table.evicted},
            {"other", table.other}};
}

Json tables_json(const Snapshot& snapshot) {
    const tally::Losses& losses = snapshot.totals.losses;
    return {{"connections", table_json(snapshot.connections)}, {"destinations", table_json(snapshot.destinations)},
            {"clients", table_json(snapshot.clients)},         {"records_dropped", losses.records_dropped},
            {"sightings_dropped", losses.sightings_dropped},   {"revisions_dropped", losses.revisions_dropped}};
}

Json span_json(const Snapshot& snapshot) {
    const std::string text = snapshot.totals.packets.received == 0 ? "no packet was seen" : "";
    return {{"one_way", false}, {"duplicated", false}, {"text", text}};
}

Json row_json(const RankedRow& row, bool is_destination) {
    Json json = {{"address", to_string(row.key.address)}};
    if (is_destination) json["port"] = row.key.port;
    json["count"] = row.count;
    json["error"] = row.error;
    if (is_destination) {
        json["clients"] = row.clients;
        json["clients_error"] = row.clients_error;
    }
    json["first"] = seconds(row.first);
    json["last"] = seconds(row.last);
    if (is_destination) json["service"] = "";
    return json;
}

}  // namespace rstwatch::control
