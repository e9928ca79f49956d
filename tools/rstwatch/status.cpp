// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/status.h"

#include <string>
#include <utility>

#include "tools/rstwatch/depth.h"
#include "tools/rstwatch/escape.h"
#include "tools/rstwatch/fetch.h"
#include "tools/rstwatch/mirror.h"
#include "tools/rstwatch/number_format.h"
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
    return mebibytes("resident_bytes") + ", at its highest " + mebibytes("peak_bytes") + "; the settings allow " +
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

void write_summary(const Document& document, Output& out) {
    const auto field = [&](const char* name, const std::string& value) {
        out.line(out.heading(name) + std::string(11 - std::string_view(name).size(), ' ') + printable(value));
    };
    field("sensor", known(text_at(document, "sensor")) + ", rstwatchd " + known(text_at(document, "version")) + ", " +
                        known(text_at(document, "mode")) + ", " + known(text_at(document, "state")));
    if (text_at(document, "mode") != "replay") field("started", local_time(number_at(document, "started")));
    field("clock", local_time(number_at(document, "clock")));
    field("packets", received_text(member_at(document, "packets")));
    field("attempts", count_at(document, "attempts") + ": " + count_at(document, "pending") + " pending, " +
                          count_at(document, "open") + " open");
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

void write_ports(const Document& document, Output& out) {
    write_list(document, "ports",
               {{"PORT"},
                {"SOURCE"},
                {"LINK"},
                {"RECEIVED", Align::right},
                {"MISSED", Align::right},
                {"ERRORS", Align::right},
                {"NO MBUF", Align::right}},
               out, [](const Document& port) -> std::vector<std::string> {
                   const auto& dropped = member_at(port, "dropped");
                   return {text_at(port, "name"),       text_at(port, "source"),     text_at(port, "link"),
                           count_at(port, "received"),  count_at(dropped, "missed"), count_at(dropped, "errors"),
                           count_at(dropped, "no_mbuf")};
               });
}

void write_cores(const Document& document, Output& out) {
    write_list(document, "cores",
               {{"CORE", Align::right},
                {"RECEIVED", Align::right},
                {"BURSTS", Align::right},
                {"FORWARDED", Align::right},
                {"FORWARD DROPPED", Align::right},
                {"LATE MERGES", Align::right},
                {"RECORDS DROPPED", Align::right},
                {"WAITS", Align::right}},
               out, [](const Document& core) -> std::vector<std::string> {
                   std::vector<std::string> cells;
                   for (const auto* name : {"core", "received", "bursts", "forwarded", "forward_dropped", "late_merges",
                                            "records_dropped", "waits"})
                       cells.push_back(count_at(core, name));
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
