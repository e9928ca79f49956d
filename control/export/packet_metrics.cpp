// SPDX-License-Identifier: Apache-2.0
#include "control/export/packet_metrics.h"

#include <algorithm>
#include <array>

namespace rstwatch::control {
namespace {

using Type = Exposition::Type;
using tally::PacketClass;
using AskedAt = std::chrono::steady_clock::time_point;

/// By what the operator called them; a file that is given twice is told apart.
std::vector<std::string> port_labels(const std::vector<tally::PortStatus>& ports) {
    std::vector<std::string> labels;
    for (const tally::PortStatus& port : ports) {
        const bool taken = std::ranges::find(labels, port.source) != labels.end();
        labels.push_back(taken ? port.source + " (" + port.name + ")" : port.source);
    }
    return labels;
}

void add_port_losses(Exposition& out, const Snapshot& snapshot, const std::vector<std::string>& labels) {
    using Status = tally::PortStatus;
    static constexpr std::pair<const char*, std::optional<std::uint64_t> Status::*> causes[] = {
        {"missed", &Status::missed}, {"errors", &Status::errors}, {"no_mbuf", &Status::no_mbuf}};
    out.family("port_dropped_packets_total", Type::counter,
               "Packets that a port lost, by cause; a cause that its driver cannot count is absent");
    for (std::size_t i = 0; i < labels.size(); ++i) {
        for (const auto& [cause, count] : causes)
            if (snapshot.ports[i].*count)
                out.sample({{"port", labels[i]}, {"cause", cause}}, *(snapshot.ports[i].*count));
        // Of the kernel's interface, not of the driver.
        if (snapshot.ports[i].interface_missed)
            out.sample({{"port", labels[i]}, {"cause", "interface"}}, *snapshot.ports[i].interface_missed);
    }
    out.family("port_drops_known", Type::gauge, "1 if the driver counts what the port lost for every cause, else 0");
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const bool known = std::ranges::all_of(
            causes, [&](const auto& cause) { return (snapshot.ports[i].*cause.second).has_value(); });
        out.sample({{"port", labels[i]}}, std::uint64_t{known});
    }
}

void add_ports(Exposition& out, const Snapshot& snapshot, AskedAt asked) {
    const std::vector<std::string> labels = port_labels(snapshot.ports);
    out.family("port_received_packets_total", Type::counter, "Packets that a port delivered");
    for (std::size_t i = 0; i < labels.size(); ++i) out.sample({{"port", labels[i]}}, snapshot.ports[i].received);
    add_port_losses(out, snapshot, labels);
    out.family("port_link_up", Type::gauge,
               "1 if the port has a link, 0 if not; absent where the driver does not know");
    for (std::size_t i = 0; i < labels.size(); ++i)
        if (snapshot.ports[i].link_up) out.sample({{"port", labels[i]}}, std::uint64_t{*snapshot.ports[i].link_up});
    if (snapshot.replay) return;
    out.family("port_silent", Type::gauge, "1 if the port has brought packets, and none for rx.silence");
    for (std::size_t i = 0; i < snapshot.port_activity.size(); ++i)
        out.sample({{"port", labels[i]}}, std::uint64_t{snapshot.port_activity[i].silent});
    out.family("port_last_packet_age_seconds", Type::gauge,
               "Time since the last packet of a port, to the second; absent if it has brought none");
    for (std::size_t i = 0; i < snapshot.port_activity.size(); ++i)
        if (const auto& last = snapshot.port_activity[i].last_packet)
            out.sample({{"port", labels[i]}}, snapshot.age(*last, asked));
}

void add_classes(Exposition& out, const tally::PacketTotals& packets) {
    out.counter("received_packets_total", "Packets received, which is the sum of their classes", packets.received);
    out.counter("received_bytes_total", "Bytes received, as the IP headers say", packets.bytes);
    static constexpr std::pair<PacketClass, const char*> classes[] = {
        {PacketClass::tcp, "tcp"},           {PacketClass::icmp_error, "icmp_error"},
        {PacketClass::other_ip, "other_ip"}, {PacketClass::non_ip, "non_ip"},
        {PacketClass::fragment, "fragment"}, {PacketClass::malformed, "malformed"}};
    static_assert(std::size(classes) == tally::packet_class_count);
    out.family("packets_total", Type::counter, "Packets received, each in exactly one class");
    for (const auto& [packet_class, name] : classes) out.sample({{"class", name}}, packets.of(packet_class));
    out.family("tcp_flags_packets_total", Type::counter,
               "TCP packets with these flags, duplicates included; rst is RST without ACK, syn SYN without ACK");
    const std::pair<const char*, std::uint64_t> flags[] = {
        {"syn", packets.syn}, {"syn_ack", packets.syn_ack}, {"rst", packets.rst},  {"rst_ack", packets.rst_ack},
        {"fin", packets.fin}, {"null", packets.null},       {"xmas", packets.xmas}};
    for (const auto& [name, count] : flags) out.sample({{"flags", name}}, count);
    out.counter("duplicate_packets_total", "TCP packets that are copies made by the mirror port", packets.duplicates);
    out.counter("reassembled_datagrams_total", "Datagrams put together from fragments", packets.datagrams);
    out.counter("time_backwards_packets_total", "Packets stamped earlier than one before them", packets.time_backwards);
}

void add_core_counter(Exposition& out, const Snapshot& snapshot, std::string_view name, std::string_view help,
                      std::uint64_t CoreState::*count) {
    out.family(name, Type::counter, help);
    for (std::size_t core = 0; core < snapshot.cores.size(); ++core)
        out.sample({{"core", std::to_string(core)}}, snapshot.cores[core].*count);
}

void add_core_time(Exposition& out, const Snapshot& snapshot, std::string_view name, std::string_view help,
                   std::uint64_t CoreState::*microseconds) {
    out.family(name, Type::counter, help);
    for (std::size_t core = 0; core < snapshot.cores.size(); ++core)
        out.sample({{"core", std::to_string(core)}}, static_cast<double>(snapshot.cores[core].*microseconds) / 1e6);
}

void add_burst_sizes(Exposition& out, const Snapshot& snapshot) {
    out.family("core_burst_packets", Type::histogram,
               "Packets that a poll of a queue brought; many full bursts come before loss");
    for (std::size_t core = 0; core < snapshot.cores.size(); ++core) {
        const CoreState& state = snapshot.cores[core];
        const std::string label = std::to_string(core);
        std::uint64_t polls = 0;
        for (std::size_t i = 0; i < tally::burst_size_count; ++i) {
            polls += state.burst_sizes[i];
            const bool last = i + 1 == tally::burst_size_count;
            const std::string bound = last ? "+Inf" : std::to_string(tally::largest_burst(i));
            out.part("_bucket", {{"core", label}, {"le", bound}}, polls);
        }
        out.part("_sum", {{"core", label}}, state.received);
        out.part("_count", {{"core", label}}, polls);
    }
}

void add_cores(Exposition& out, const Snapshot& snapshot) {
    add_core_counter(out, snapshot, "core_received_packets_total", "Packets that an RX core took from its queues",
                     &CoreState::received);
    add_core_counter(out, snapshot, "core_forwarded_packets_total",
                     "Packets that an RX core passed on to the one that owns their connection", &CoreState::forwarded);
    add_core_counter(out, snapshot, "core_forward_dropped_packets_total",
                     "Packets lost because the ring to the core that owns their connection was full",
                     &CoreState::forward_dropped);
    add_core_counter(out, snapshot, "core_late_merges_total",
                     "Intervals that an RX core could not hand over in time: nothing is lost, the seconds blur",
                     &CoreState::late_merges);
    add_core_counter(out, snapshot, "core_records_dropped_total",
                     "Records of attempts for which an interval had no room; totals have them",
                     &CoreState::records_dropped);
    add_core_counter(out, snapshot, "core_waits_total", "Times a replay stood still for control to return a bank",
                     &CoreState::waits);
    if (snapshot.replay) return;
    add_core_counter(out, snapshot, "core_polls_total", "Rounds of an RX core's loop", &CoreState::polls);
    add_core_time(out, snapshot, "core_busy_seconds_total", "Time in rounds that brought packets", &CoreState::busy);
    add_core_time(out, snapshot, "core_elapsed_seconds_total", "Time in all rounds", &CoreState::elapsed);
    add_burst_sizes(out, snapshot);
    add_core_counter(out, snapshot, "core_falls_total",
                     "Times an RX core fell to control depth because it could not keep up", &CoreState::falls);
    out.family("core_at_control_depth", Type::gauge, "1 while an RX core does not look every segment up");
    for (std::size_t core = 0; core < snapshot.cores.size(); ++core)
        out.sample({{"core", std::to_string(core)}}, std::uint64_t{snapshot.cores[core].at_control_depth});
}

void add_losses(Exposition& out, const Snapshot& snapshot) {
    const tally::Losses& losses = snapshot.totals.losses;
    out.counter("late_merges_total", "Intervals that a core could not hand over in time", snapshot.totals.late_merges);
    out.counter("control_depth_seconds_total", "Seconds in which not every segment was looked up",
                snapshot.totals.control_depth_seconds);
    out.counter("forward_dropped_packets_total", "Packets lost between two cores", losses.forward_dropped);
    out.family("records_dropped_total", Type::counter,
               "Entries for which a list of an interval had no room; totals have them");
    out.sample({{"list", "records"}}, losses.records_dropped);
    out.sample({{"list", "contacts"}}, losses.contacts_dropped);
    out.sample({{"list", "sightings"}}, losses.sightings_dropped);
    out.sample({{"list", "revisions"}}, losses.revisions_dropped);
    out.sample({{"list", "identifications"}}, losses.identifications_dropped);
    out.family("forgotten_total", Type::counter, "What gave way too soon in a filter of a core");
    out.sample({{"what", "segments"}}, losses.segments_forgotten);
    out.sample({{"what", "payloads"}}, losses.payloads_forgotten);
    out.sample({{"what", "services"}}, losses.services_forgotten);
    out.counter("datagrams_timed_out_total", "Datagrams of which fragments were missing for 30 s",
                losses.datagrams_timed_out);
    out.counter("undecided_attempts_total", "Attempts that control had no room to judge", snapshot.undecided);
    out.gauge("window_shortened_seconds", "Seconds by which the window is shorter than its setting",
              snapshot.window_shortened);
}

void add_tables(Exposition& out, const Snapshot& snapshot) {
    const std::pair<const char*, const TableState&> tables[] = {{"connections", snapshot.connections},
                                                                {"destinations", snapshot.destinations},
                                                                {"clients", snapshot.clients},
                                                                {"baselines", snapshot.baselines},
                                                                {"datagrams", snapshot.datagrams},
                                                                {"identities", snapshot.identities},
                                                                {"failures", snapshot.failures},
                                                                {"alerts", snapshot.watches},
                                                                {"usual_failures", snapshot.alerting.usual}};
    const auto add = [&](std::string_view name, Type type, std::string_view help, std::uint64_t TableState::*count) {
        out.family(name, type, help);
        for (const auto& [table, state] : tables) out.sample({{"table", table}}, state.*count);
    };
    add("table_capacity", Type::gauge, "Entries that a table has room for", &TableState::capacity);
    add("table_entries", Type::gauge, "Entries of a table that are taken", &TableState::used);
    add("table_overflowed_total", Type::counter, "Times a table had no room", &TableState::overflowed);
    add("table_evicted_total", Type::counter, "Entries that gave way to others", &TableState::evicted);
    add("table_other", Type::gauge, "What is counted for those that have no entry", &TableState::other);
}

void add_ages(Exposition& out, const Snapshot& snapshot, AskedAt asked) {
    if (snapshot.replay || snapshot.totals.last_interval == 0) return;
    out.gauge("last_interval_age_seconds", "Time since the end of the last interval that was merged",
              snapshot.age(snapshot.now(), asked));
    if (snapshot.totals.packets.received > 0)
        out.gauge("last_packet_age_seconds", "Time since the last packet that was merged",
                  snapshot.age(snapshot.totals.last_packet, asked));
}

}  // namespace

void add_packet_metrics(Exposition& out, const Snapshot& snapshot, AskedAt asked) {
    add_ports(out, snapshot, asked);
    add_classes(out, snapshot.totals.packets);
    add_cores(out, snapshot);
    add_losses(out, snapshot);
    add_tables(out, snapshot);
    add_ages(out, snapshot, asked);
}

}  // namespace rstwatch::control
