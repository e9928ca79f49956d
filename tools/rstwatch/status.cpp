// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/status.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string>
#include <utility>

#include "tools/rstwatch/depth.h"
#include "tools/rstwatch/escape.h"
#include "tools/rstwatch/fetch.h"
#include "tools/rstwatch/mirror.h"
#include "tools/rstwatch/number_format.h"
#include "tools/rstwatch/readiness.h"
#include "tools/rstwatch/table.h"
#include "tools/rstwatch/time_format.h"
#include "tools/rstwatch/value_list.h"

namespace rstwatch::cli {
namespace {

using Align = Column::Align;

std::string count_at(const Document& object, std::string_view key) {
    return count_text(integer_at(object, key));
}

std::string known(const std::string& text) {
    return text.empty() ? "unknown" : text;
}

/// "received" and then whatever else the daemon counts, by its own names.
std::string received_text(const Document& packets) {
    auto text = count_at(packets, "received") + " received";
    const char* separator = ": ";
    for (const auto& [name, value] : packets.items()) {
        const auto count = integer_at(packets, name);
        if (name == "received" || !count || *count == 0) continue;
        text += separator + with_separators(*count) + " " + name;
        separator = ", ";
    }
    return text;
}

/// Where history is kept, and what is wrong with that.
std::string store_text(const Document& store) {
    const auto state = text_at(store, "state");
    if (state == "off") return "off: history is kept in memory only";
    const auto reason = text_at(store, "reason");
    auto text = text_at(store, "path") + ", " + known(state) + (reason.empty() ? "" : " (" + reason + ")");
    text += ": " + count_at(store, "rows") + " rows";
    const auto waiting = integer_at(store, "queue").value_or(0), dropped = integer_at(store, "dropped").value_or(0);
    if (waiting > 0) text += ", " + with_separators(waiting) + " waiting";
    if (dropped > 0) text += ", " + with_separators(dropped) + " dropped";
    return text;
}

std::string memory_text(const Document& memory) {
    const auto mebibytes = [&](const char* name) {
        return with_separators(integer_at(memory, name).value_or(0) >> 20) + " MiB";
    };
    return mebibytes("resident_bytes") + " (" + mebibytes("heap_in_use_bytes") +
           " of the heap in use), at its highest " + mebibytes("peak_bytes") + "; the settings allow " +
           mebibytes("at_most_bytes");
}

/// "both thresholds and what is usual, which is known after 2 d 3 h more".
std::string alerting_text(const Document& alerting) {
    const auto mode = text_at(alerting, "mode");
    if (mode == "fixed") return "by thresholds";
    const auto text = mode == "both" ? std::string("by thresholds, and by what is usual") : "by what is usual";
    const auto watched = number_at(alerting, "watched_seconds").value_or(0);
    const auto history = number_at(alerting, "history_seconds").value_or(0);
    return watched >= history ? text : text + ", which is known after " + span_text(history - watched) + " more";
}

/// How times that are shown stand to the machine's clock, where that is worth a word.
std::string wall_clock_text(const Document& clock) {
    const auto offset = number_at(clock, "offset_seconds").value_or(0);
    const auto steps = integer_at(clock, "steps").value_or(0), jumps = integer_at(clock, "tick_jumps").value_or(0);
    if (steps + jumps == 0) return {};
    std::array<char, 64> distance{};
    std::snprintf(distance.data(), distance.size(), "%.3f s %s", std::abs(offset), offset < 0 ? "behind" : "ahead of");
    return std::string(distance.data()) + " the times shown: it was set " + with_separators(steps) +
           (steps == 1 ? " time" : " times") +
           (jumps > 0 ? ", the processor's counter jumped " + with_separators(jumps) + (jumps == 1 ? " time" : " times")
                      : "") +
           "; a restart takes it over";
}

std::string settings_text(const Document& settings) {
    const auto file = text_at(settings, "file");
    auto text =
        (file.empty() ? "of the command line" : file) + ", taken over " + local_time(number_at(settings, "loaded"));
    const auto& errors = member_at(settings, "errors");
    if (!errors.empty())
        text +=
            "; the last reload was refused: " + (errors.front().is_string() ? errors.front().get<std::string>() : "");
    if (errors.size() > 1) text += " (and " + std::to_string(errors.size() - 1) + " more)";
    std::string waiting;
    for (const auto& setting : member_at(settings, "awaiting_restart"))
        waiting += (waiting.empty() ? "" : ", ") + text_at(setting, "setting") + " = " + text_at(setting, "wanted");
    return waiting.empty() ? text : text + "; needs a restart: " + waiting;
}

/// "12.5 %"; "-" where it is not known.
std::string busy_text(const Document& core) {
    const auto share = number_at(core, "busy_share");
    if (!share) return "-";
    constexpr double parts = 1000;
    return share_text(std::lround(std::clamp(*share, 0.0, 1.0) * parts), std::lround(parts));
}

std::string age_text(const Document& object, const char* name) {
    const auto age = number_at(object, name);
    return age ? span_text(*age) + " ago" : "-";
}

std::string state_text(const Document& port) {
    if (port.is_object() && port.value("removed", false)) return "REMOVED";
    const auto up = port.is_object() ? port.find("link_up") : port.end();
    if (up == port.end() || !up->is_boolean()) return "unknown";
    return up->get<bool>() ? "up" : "DOWN";
}

/// What the control thread has taken, and how long ago it had something new to say.
std::string control_text(const Document& document) {
    const auto& control = member_at(document, "control");
    const auto seconds = [&](const char* name) { return rate_text(number_at(control, name)) + " s"; };
    auto text = count_at(control, "intervals") + " intervals merged in " + seconds("merge_seconds") + ", " +
                seconds("cpu_seconds") + " of CPU time";
    const auto& age = member_at(document, "age");
    if (number_at(age, "last_interval_seconds")) text += "; the last one " + age_text(age, "last_interval_seconds");
    return text;
}

void write_summary(const Document& document, Output& out) {
    const auto field = [&](const char* name, const std::string& value) {
        out.line(out.heading(name) + std::string(11 - std::string_view(name).size(), ' ') + printable(value));
    };
    field("sensor", known(text_at(document, "sensor")) + ", rstwatchd " + known(text_at(document, "version")) + ", " +
                        known(text_at(document, "mode")) + ", " + known(text_at(document, "state")));
    for (const auto& failure : failures_of_readiness(document)) out.line(out.alarming("not ready: " + failure));
    if (text_at(document, "mode") != "replay") field("started", local_time(number_at(document, "started")));
    field("clock", local_time(number_at(document, "clock")));
    const auto wall_clock = wall_clock_text(member_at(document, "wall_clock"));
    if (!wall_clock.empty()) field("wall clock", wall_clock);
    field("packets", received_text(member_at(document, "packets")));
    field("attempts", count_at(document, "attempts") + ": " + count_at(document, "pending") + " pending, " +
                          count_at(document, "open") + " open");
    if (document.contains("control")) field("control", control_text(document));
    const auto trouble = mirror_trouble(document);
    if (document.contains("span")) field("mirror", trouble.empty() ? "nothing wrong is known" : trouble);
    const auto untold = untold_outcomes(document);
    if (!untold.empty()) field("depth", untold);
    if (document.contains("alerting")) field("alerts", alerting_text(member_at(document, "alerting")));
    const auto& tables = member_at(document, "tables");
    field("records", count_at(tables, "records_dropped") + " dropped");
    if (integer_at(tables, "undecided").value_or(0) > 0)
        field("undecided", count_at(tables, "undecided") + " attempts, for want of room");
    if (document.contains("store")) field("store", store_text(member_at(document, "store")));
    if (document.contains("settings")) field("settings", settings_text(member_at(document, "settings")));
    if (document.contains("memory")) field("memory", memory_text(member_at(document, "memory")));
}

/// A table of the array `name`: one row for each element, made by `cells`.
template <typename Cells>
void write_list(const Document& document, const char* name, std::vector<Column> columns, Output& out, Cells cells) {
    Table table(std::move(columns));
    for (const auto& element : member_at(document, name)) table.add(cells(element));
    if (table.empty()) return;
    out.line("");
    table.write(out);
}

/// Why a port is read as it is, how often it was away, and what is not as it could be.
void write_port_notes(const Document& port, Output& out) {
    const auto source = text_at(port, "source");
    const auto note = [&](const std::string& text) { out.line(printable(source + ": " + text)); };
    if (const auto why = text_at(port, "why"); !why.empty()) note(why);
    if (const auto removals = integer_at(port, "removals").value_or(0); removals > 0)
        note("removed and waited for " + with_separators(removals) + (removals == 1 ? " time" : " times"));
    for (const auto& warning : member_at(port, "warnings"))
        if (warning.is_string()) note("warning: " + warning.get<std::string>());
}

void write_ports(const Document& document, Output& out) {
    write_list(document, "ports",
               {{"PORT"},
                {"LINK"},
                {"DRIVER"},
                {"STATE"},
                {"LAST PACKET", Align::right},
                {"RECEIVED", Align::right},
                {"MISSED", Align::right},
                {"ERRORS", Align::right},
                {"NO MBUF", Align::right},
                {"INTERFACE", Align::right}},
               out, [](const Document& port) -> std::vector<std::string> {
                   const auto& dropped = member_at(port, "dropped");
                   return {text_at(port, "source"),
                           text_at(port, "link"),
                           text_at(port, "driver"),
                           state_text(port),
                           age_text(port, "last_packet_age_seconds"),
                           count_at(port, "received"),
                           count_at(dropped, "missed"),
                           count_at(dropped, "errors"),
                           count_at(dropped, "no_mbuf"),
                           count_at(dropped, "interface")};
               });
    for (const auto& port : member_at(document, "ports")) write_port_notes(port, out);
}

void write_cores(const Document& document, Output& out) {
    write_list(document, "cores",
               {{"CORE", Align::right},
                {"RECEIVED", Align::right},
                {"BURSTS", Align::right},
                {"FORWARDED", Align::right},
                {"MISDIRECTED", Align::right},
                {"FORWARD DROPPED", Align::right},
                {"LATE MERGES", Align::right},
                {"RECORDS DROPPED", Align::right},
                {"WAITS", Align::right},
                {"BUSY", Align::right},
                {"DEPTH"}},
               out, [](const Document& core) -> std::vector<std::string> {
                   std::vector<std::string> cells;
                   for (const auto* name : {"core", "received", "bursts", "forwarded", "misdirected", "forward_dropped",
                                            "late_merges", "records_dropped", "waits"})
                       cells.push_back(count_at(core, name));
                   cells.push_back(busy_text(core));
                   cells.push_back(text_at(core, "depth"));
                   return cells;
               });
}

/// How many packets a poll of a queue brought: full bursts say that a core is late.
void write_burst_sizes(const Document& document, Output& out) {
    const auto& cores = member_at(document, "cores");
    if (!cores.is_array() || cores.empty()) return;
    const auto& first = member_at(cores.front(), "burst_sizes");
    if (first.empty()) return;
    std::vector<Column> columns{{"POLLS OF CORE", Align::right}};
    for (const auto& [size, count] : first.items()) columns.push_back({"BRINGING " + printable(size), Align::right});
    write_list(document, "cores", std::move(columns), out, [&first](const Document& core) {
        std::vector<std::string> cells{count_at(core, "core")};
        for (const auto& [size, count] : first.items()) cells.push_back(count_at(member_at(core, "burst_sizes"), size));
        return cells;
    });
}

void write_tables(const Document& document, Output& out) {
    Table table({{"TABLE"},
                 {"CAPACITY", Align::right},
                 {"USED", Align::right},
                 {"FILL", Align::right},
                 {"OVERFLOWED", Align::right},
                 {"EVICTED", Align::right}});
    const auto& tables = member_at(document, "tables");
    for (const auto& [name, fill] : tables.items()) {
        if (!fill.is_object()) continue;
        table.add({name, count_at(fill, "capacity"), count_at(fill, "used"),
                   share_text(integer_at(fill, "used").value_or(0), integer_at(fill, "capacity").value_or(0)),
                   count_at(fill, "overflowed"), count_at(fill, "evicted")});
    }
    if (table.empty()) return;
    out.line("");
    table.write(out);
}

void write_sinks(const Document& document, Output& out) {
    write_list(document, "sinks",
               {{"SINK"},
                {"STATE"},
                {"WAITING", Align::right},
                {"DELIVERED", Align::right},
                {"FAILED", Align::right},
                {"DROPPED", Align::right},
                {"LAST ERROR"}},
               out, [](const Document& sink) -> std::vector<std::string> {
                   return {text_at(sink, "name"),       text_at(sink, "state"),   count_at(sink, "waiting"),
                           count_at(sink, "delivered"), count_at(sink, "failed"), count_at(sink, "dropped"),
                           text_at(sink, "last_error")};
               });
}

/// The numbers in the member `name` of the document.
void write_counters(const Document& document, const char* name, const char* title, Output& out) {
    Table table({{title}, {"COUNT", Align::right}});
    const auto& counters = member_at(document, name);
    for (const auto& [counter, value] : counters.items())
        if (value.is_number()) table.add({counter, count_at(counters, counter)});
    if (table.empty()) return;
    out.line("");
    table.write(out);
}

}  // namespace

void write_status(const Document& document, Format format, Output& out, std::ostream& diagnostics) {
    if (format == Format::jsonl) out.line(json_line(document));
    if (format == Format::csv) write_values(document, out);
    if (format == Format::table) {
        write_summary(document, out);
        write_ports(document, out);
        write_cores(document, out);
        write_burst_sizes(document, out);
        write_tables(document, out);
        write_sinks(document, out);
        write_counters(document, "http", "HTTP", out);
        write_counters(document, "events", "EVENTS", out);
    }
    if (integer_at(member_at(document, "packets"), "received") == 0)
        diagnostics << "0 packets seen: is the SPAN port up?\n";
}

ExitCode status(const std::vector<ServerAddress>& servers, Format format, Output& out, std::ostream& diagnostics) {
    auto answer = fetch(servers, "/api/v1/status", diagnostics);
    if (const auto* failure = std::get_if<ExitCode>(&answer)) return *failure;
    const auto& [body, document] = std::get<Fetched>(answer);
    if (format == Format::json) out.raw(body.ends_with('\n') ? body : body + '\n');
    write_status(document, format, out, diagnostics);
    return ExitCode::ok;
}

}  // namespace rstwatch::cli
