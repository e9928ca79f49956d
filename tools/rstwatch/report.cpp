// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/report.h"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "tools/rstwatch/alerts.h"
#include "tools/rstwatch/csv.h"
#include "tools/rstwatch/depth.h"
#include "tools/rstwatch/emptiness.h"
#include "tools/rstwatch/escape.h"
#include "tools/rstwatch/mirror.h"
#include "tools/rstwatch/number_format.h"
#include "tools/rstwatch/outcome_text.h"
#include "tools/rstwatch/row.h"
#include "tools/rstwatch/table.h"
#include "tools/rstwatch/time_format.h"

namespace rstwatch::cli {
namespace {

using Align = Column::Align;

struct OutcomeCount {
    OutcomeText text;
    std::string name;
    std::int64_t count = 0;
};

/// The outcomes that occurred, most frequent first.
std::vector<OutcomeCount> outcomes_of(const Document& report) {
    std::vector<OutcomeCount> counts;
    const auto& outcomes = member_at(report, "outcomes");
    for (const auto& [name, value] : outcomes.items()) {
        const auto count = integer_at(outcomes, name).value_or(0);
        if (count > 0) counts.push_back({outcome_text(name), name, count});
    }
    std::stable_sort(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.count > b.count; });
    return counts;
}

void write_section(const char* title, Output& out) {
    out.line("");
    out.line(out.heading(title));
}

std::string files_text(const Document& input) {
    std::string text;
    for (const auto& file : member_at(input, "files"))
        if (file.is_string()) text += (text.empty() ? "" : ", ") + printable(file.get<std::string>());
    return text.empty() ? "unknown" : text;
}

std::string packets_text(const Document& packets) {
    auto text = count_text(integer_at(packets, "received"));
    const char* separator = ": ";
    const auto part = [&](const char* name, const char* title) {
        const auto count = integer_at(packets, name).value_or(0);
        if (count == 0) return;
        text += separator + with_separators(count) + " " + title;
        separator = ", ";
    };
    part("tcp", "TCP");
    part("icmp_errors", "ICMP errors");
    part("other_ip", "other IP");
    part("non_ip", "not IP");
    part("fragments", "fragments");
    part("malformed", "malformed");
    return text;
}

void write_heading(const Document& report, Output& out) {
    const auto& input = member_at(report, "input");
    const auto attempts = integer_at(report, "attempts");
    const auto failed = failed_total(member_at(report, "outcomes"));
    out.line(out.heading("capture   ") + files_text(input));
    const auto first = number_at(input, "first_packet");
    if (first)
        out.line(out.heading("time      ") + local_time(first) + " to " + local_time(number_at(input, "last_packet")) +
                 " (" + span_text(number_at(input, "duration_seconds")) + ")");
    out.line(out.heading("packets   ") + packets_text(member_at(report, "packets")));
    out.line(out.heading("attempts  ") + count_text(attempts) + ", of which " + with_separators(failed) + " failed (" +
             share_text(failed, attempts.value_or(0)) + ")");
    // Before any number is believed.
    if (const auto trouble = mirror_trouble(report); !trouble.empty())
        out.line(out.heading("mirror    ") + out.alarming(trouble));
    if (const auto untold = untold_outcomes(report); !untold.empty())
        out.line(out.heading("depth     ") + out.alarming(untold));
}

void write_refusals(const Document& report, Output& out) {
    write_section("Destinations that refuse connections", out);
    Table table({{"DESTINATION"},
                 {"SERVICE"},
                 {"REFUSED", Align::right},
                 {"PER SECOND", Align::right},
                 {"CLIENTS", Align::right},
                 {"SINCE"},
                 {"LAST"}});
    for (const auto& row : member_at(member_at(report, "top"), "refused"))
        table.add({subject_of(row), service_of(row), estimate_text(integer_at(row, "count"), integer_at(row, "error")),
                   rate_text(rate_while_active(row)),
                   estimate_text(integer_at(row, "clients"), integer_at(row, "clients_error")),
                   local_time(number_at(row, "first")), local_time(number_at(row, "last"))});
    if (table.empty())
        out.line("  none");
    else
        table.write(out, "  ");
}

void write_other_failures(const Document& report, Output& out) {
    Table table({{"DESTINATION"},
                 {"SERVICE"},
                 {"FAILED", Align::right},
                 {"MOSTLY"},
                 {"CLIENTS", Align::right},
                 {"SINCE"},
                 {"LAST"}});
    std::int64_t shown = 0;
    for (const auto& row : member_at(member_at(report, "top"), "failed")) {
        const auto failures = other_failures(row);
        if (failures <= 0) continue;
        shown += failures;
        table.add({subject_of(row), service_of(row), estimate_text(failures, integer_at(row, "error")),
                   dominant_failure(row), estimate_text(integer_at(row, "clients"), integer_at(row, "clients_error")),
                   local_time(number_at(row, "first")), local_time(number_at(row, "last"))});
    }
    const auto all = other_failures(report);
    if (table.empty() && all <= 0) return;
    write_section("Destinations that fail otherwise", out);
    if (!table.empty()) table.write(out, "  ");
    if (all > shown)
        out.line("  " + with_separators(all - shown) + " more at destinations that are not listed; -n lists more rows");
}

void write_clients(const Document& report, Output& out) {
    Table table({{"CLIENT"}, {"FAILED", Align::right}, {"MOSTLY"}, {"SINCE"}, {"LAST"}});
    for (const auto& row : member_at(member_at(report, "top"), "clients"))
        table.add({subject_of(row), estimate_text(integer_at(row, "count"), integer_at(row, "error")),
                   worst_outcome(member_at(row, "outcomes")), local_time(number_at(row, "first")),
                   local_time(number_at(row, "last"))});
    if (table.empty()) return;
    write_section("Clients whose connections fail", out);
    table.write(out, "  ");
}

void write_scanners(const Document& report, Output& out) {
    Table table({{"CLIENT"}, {"FAILED", Align::right}, {"HALF OPEN"}, {"SINCE"}, {"LAST"}});
    for (const auto& row : member_at(member_at(report, "top"), "scanners"))
        table.add({text_at(row, "address"), count_text(integer_at(row, "failed")),
                   is_true_at(row, "half_open") ? "yes" : "no", local_time(number_at(row, "first")),
                   local_time(number_at(row, "last"))});
    if (table.empty()) return;
    write_section("Scanners", out);
    table.write(out, "  ");
}

/// What would have been raised while the packets came, with their times.
void write_raised_alerts(const Document& report, Output& out) {
    const auto alerts = sorted_alerts(report, true);
    if (alerts.empty()) return;
    write_section("Alerts", out);
    // No day is today: a report says the same whenever it is made.
    constexpr double no_day = std::numeric_limits<double>::quiet_NaN();
    write_alerts(alerts, out, no_day, {}, "  ");
}

void write_services(const Document& report, Output& out) {
    Table table({{"DESTINATION"},
                 {"SERVICE"},
                 {"SPOKE"},
                 {"ACCEPTED", Align::right},
                 {"LAST ACCEPTED"},
                 {"FAILED", Align::right},
                 {"FAILING SINCE"}});
    const auto alerts = sorted_alerts(report, true);
    // An alert says the same, and is listed with it.
    const auto has_alert = [&](const std::string& subject) {
        return std::any_of(alerts.begin(), alerts.end(),
                           [&](const auto* alert) { return text_at(*alert, "subject") == subject; });
    };
    for (const auto& row : member_at(report, "services")) {
        const auto& accepted = member_at(row, "accepted");
        const auto& failing = member_at(row, "failing");
        const auto spoke = text_at(member_at(row, "identity"), "application");
        const auto last = number_at(accepted, "last");
        table.add(
            {subject_of(row), service_of(row), spoke.empty() ? "-" : spoke, count_text(integer_at(accepted, "count")),
             last ? local_time(last) : "-", with_separators(failed_total(member_at(row, "outcomes"))),
             failing.empty() ? "-" : local_time(number_at(failing, "since"))},
            Style::plain,
            failing.empty() || has_alert(subject_of(row)) ? "" : text_at(member_at(row, "diagnosis"), "sentence"));
    }
    if (table.empty()) return;
    write_section("Services", out);
    table.write(out, "  ");
}

void write_outcomes(const Document& report, Output& out) {
    const auto counts = outcomes_of(report);
    if (counts.empty()) return;
    write_section("How the attempts ended", out);
    Table table({{"OUTCOME"}, {"COUNT", Align::right}, {"SHARE", Align::right}, {""}, {"MEANING"}});
    const auto attempts = integer_at(report, "attempts").value_or(0);
    for (const auto& each : counts)
        table.add({each.name, with_separators(each.count),
                   is_without_attempt(each.name) ? "-" : share_text(each.count, attempts),
                   each.text.failed ? "failed" : "", std::string(each.text.meaning)});
    table.write(out, "  ");
}

void write_connections(const Document& report, Output& out) {
    const auto& connections = member_at(report, "connections");
    if (connections.empty()) return;
    write_section("Connections", out);
    Table table({{"START"}, {"CLIENT"}, {"SERVER"}, {"OUTCOME"}, {"LASTED", Align::right}});
    for (const auto& connection : connections) {
        const auto start = number_at(connection, "start");
        const auto end = number_at(connection, "end");
        const auto lasted = start && end ? std::optional<double>(*end - *start) : std::nullopt;
        table.add({local_time(start), text_at(connection, "client"), text_at(connection, "server"),
                   text_at(connection, "outcome"), span_text(lasted)});
    }
    table.write(out, "  ");
}

/// Everything that makes the numbers less certain than they look.
std::vector<std::string> doubts_about(const Document& report) {
    std::vector<std::string> doubts;
    const auto& packets = member_at(report, "packets");
    const auto count = [&](const Document& object, const char* key, const std::string& what) {
        const auto number = integer_at(object, key).value_or(0);
        if (number > 0) doubts.push_back(with_separators(number) + " " + what);
    };
    count(packets, "malformed", "malformed packets took no part in any connection");
    count(packets, "time_backwards", "packets are older than their predecessor and were given its time");
    const auto& tables = member_at(report, "tables");
    for (const auto& [name, table] : tables.items()) {
        count(table, "overflowed",
              "entries did not fit into the table of " + name + "; totals are exact, rows estimates");
        count(table, "evicted", "entries of the table of " + name + " were given up for newer ones");
    }
    count(tables, "undecided", "attempts could not be judged across connections for want of room");
    count(tables, "records_dropped", "records of attempts were dropped; totals are exact, details are missing");
    return doubts;
}

void write_doubts(const Document& report, Output& out) {
    const auto doubts = doubts_about(report);
    if (doubts.empty()) return;
    write_section("Warnings", out);
    for (const auto& doubt : doubts) out.line("  - " + out.alarming(printable(doubt)));
}

/// Whom an outcome concerns most, where the lists tell: " (10.0.0.1:443)".
std::string culprit_of(const Document& report, const std::string& outcome) {
    const Document* worst = nullptr;
    std::int64_t most = 0;
    for (const auto& row : member_at(member_at(report, "top"), "failed")) {
        const auto count = integer_at(member_at(row, "outcomes"), outcome).value_or(0);
        if (count <= most) continue;
        most = count;
        worst = &row;
    }
    return worst == nullptr ? "" : " (" + printable(subject_of(*worst)) + ")";
}

/// False if nothing failed but what scanners tried.
bool write_scanner_steps(const Document& report, Output& out) {
    std::int64_t probes = 0;
    for (const auto& row : member_at(member_at(report, "top"), "scanners")) {
        if (probes == 0)
            out.line("  - " + printable(text_at(row, "address")) +
                     " probes for open ports: see who runs it; what it alone met says nothing about the services");
        probes += integer_at(row, "failed").value_or(0);
    }
    return probes == 0 || probes < failed_total(member_at(report, "outcomes"));
}

void write_outcome_steps(const Document& report, Output& out) {
    constexpr std::size_t most_steps = 3;
    std::size_t steps = 0;
    for (const auto& each : outcomes_of(report)) {
        if (each.text.advice.empty() || steps == most_steps) continue;
        ++steps;
        out.line("  - " + printable(each.name) + culprit_of(report, each.name) + ": " + std::string(each.text.advice));
    }
}

void write_next_steps(const Document& report, Output& out) {
    write_section("What to do next", out);
    if (write_scanner_steps(report, out)) write_outcome_steps(report, out);
    out.line("  - every connection by itself: rstwatch analyze --connections -o jsonl FILE");
}

void explain_empty_report(const Document& report, std::ostream& diagnostics) {
    if (!member_at(member_at(report, "top"), "refused").empty()) return;
    diagnostics << emptiness_text("refused", integer_at(report, "attempts"),
                                  integer_at(member_at(report, "packets"), "received"), "is the capture empty?")
                << '\n';
}

void write_rows_csv(const Document& report, const char* list, Output& out) {
    for (const auto& row : member_at(member_at(report, "top"), list)) {
        auto fields = fields_at(
            row, {"address", "port", "service", "count", "error", "clients", "clients_error", "first", "last"});
        fields.insert(fields.begin(), list);
        out.line(csv_line(fields));
    }
}

void write_connections_csv(const Document& connections, Output& out) {
    const std::vector<std::string> names{"client",     "server",    "start", "end",          "outcome",
                                         "zeek_state", "syn",       "rst",   "client_bytes", "server_bytes",
                                         "rst_by",     "rst_shape", "tunnel"};
    out.line(csv_line(names));
    for (const auto& connection : connections) out.line(csv_line(fields_at(connection, names)));
}

}  // namespace

void write_report(const Document& report, Output& out, std::ostream& diagnostics) {
    write_heading(report, out);
    write_refusals(report, out);
    write_other_failures(report, out);
    write_clients(report, out);
    write_scanners(report, out);
    write_raised_alerts(report, out);
    write_services(report, out);
    write_outcomes(report, out);
    write_connections(report, out);
    write_doubts(report, out);
    write_next_steps(report, out);
    explain_empty_report(report, diagnostics);
}

void write_report_csv(const Document& report, Output& out, std::ostream& diagnostics) {
    if (report.contains("connections")) {
        write_connections_csv(member_at(report, "connections"), out);
    } else {
        out.line("list,address,port,service,count,error,clients,clients_error,first,last");
        write_rows_csv(report, "refused", out);
        write_rows_csv(report, "failed", out);
    }
    explain_empty_report(report, diagnostics);
}

void write_report_lines(const Document& report, Output& out, std::ostream& diagnostics) {
    for (const auto& row : member_at(member_at(report, "top"), "refused")) out.line(json_line(row));
    explain_empty_report(report, diagnostics);
}

}  // namespace rstwatch::cli
