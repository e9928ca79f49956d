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

Json datagrams_json(const Snapshot& snapshot) {
    Json json = table_json(snapshot.datagrams);
    json["completed"] = snapshot.totals.packets.datagrams;
    json["timed_out"] = snapshot.totals.losses.datagrams_timed_out;
    return json;
}

Json tables_json(const Snapshot& snapshot) {
    const tally::Losses& losses = snapshot.totals.losses;
    return {{"connections", table_json(snapshot.connections)},
            {"destinations", table_json(snapshot.destinations)},
            {"clients", table_json(snapshot.clients)},
            {"baselines", table_json(snapshot.baselines)},
            {"datagrams", datagrams_json(snapshot)},
            {"identities", table_json(snapshot.identities)},
            {"failures", table_json(snapshot.failures)},
            {"alerts", table_json(snapshot.watches)},
            {"usual_failures", table_json(snapshot.alerting.usual)},
            {"identifications_dropped", losses.identifications_dropped},
            {"services_forgotten", losses.services_forgotten},
            {"payloads_forgotten", losses.payloads_forgotten},
            {"segments_forgotten", losses.segments_forgotten},
            {"undecided", snapshot.undecided},
            {"contacts_dropped", losses.contacts_dropped},
            {"records_dropped", losses.records_dropped},
            {"sightings_dropped", losses.sightings_dropped},
            {"revisions_dropped", losses.revisions_dropped}};
}

Json tracking_json(const Snapshot& snapshot) {
    Json not_told = Json::array();
    for (const tally::Outcome outcome : tally::all_outcomes())
        if (snapshot.control_depth && !tally::is_told_at_control_depth(outcome))
            not_told.push_back(tally::name(outcome));
    std::uint64_t falls = 0;
    for (const CoreState& core : snapshot.cores) falls += core.falls;
    return {{"depth", snapshot.at_control_depth() ? "control" : "full"},
            {"not_told", std::move(not_told)},
            {"control_depth_seconds", snapshot.totals.control_depth_seconds},
            {"falls", falls}};
}

Json span_json(const Snapshot& snapshot) {
    const SpanFacts& span = snapshot.span;
    constexpr std::size_t client = tally::index(tally::Side::client), server = tally::index(tally::Side::server);
    return {{"one_way", span.one_way},
            {"duplicated", span.duplicated},
            {"text", snapshot.totals.packets.received == 0 ? "no packet was seen" : span.text},
            {"window_seconds", span.window ? Json(*span.window) : Json(nullptr)},
            {"two_sided", span.two_sided},
            {"one_sided", {{"client", span.one_sided[client]}, {"server", span.one_sided[server]}}},
            {"tcp", span.tcp},
            {"duplicates", span.duplicates},
            {"unheard_destinations", span.unheard.count}};
}

Json row_json(const RankedRow& row, bool is_destination, const ServiceDirectory& services) {
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
    if (is_destination) json["service"] = services.name_of(row.key).name;
    json["host"] = services.name_of_host(row.key.address);
    return json;
}

}  // namespace rstwatch::control
