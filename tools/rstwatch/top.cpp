// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/top.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <sstream>

#include "tools/rstwatch/client.h"
#include "tools/rstwatch/csv.h"
#include "tools/rstwatch/emptiness.h"
#include "tools/rstwatch/escape.h"
#include "tools/rstwatch/fetch.h"
#include "tools/rstwatch/mirror.h"
#include "tools/rstwatch/number_format.h"
#include "tools/rstwatch/row.h"
#include "tools/rstwatch/table.h"
#include "tools/rstwatch/terminal.h"
#include "tools/rstwatch/time_format.h"
#include "tools/rstwatch/time_range.h"

namespace rstwatch::cli {
namespace {

constexpr std::chrono::seconds refresh{2};

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
    return printable(text);
}

std::string target_of(const TopOptions& options) {
    const std::string window = options.window.empty() ? "" : "&window=" + percent_encoded(options.window);
    return "/api/v1/top?by=" + percent_encoded(options.by) + "&outcome=" + percent_encoded(options.outcome) + window +
           "&n=" + std::to_string(options.rows);
}

/// Of a range in the past: what of it the rows are about, and who remembers it.
void write_range(const Document& document, Output& out) {
    const auto from = number_at(document, "from"), to = number_at(document, "to");
    if (!from || !to) return;
    out.line(local_time(from) + " to " + local_time(to) + ", from " +
             (text_at(document, "source") == "store" ? "the store, in whole minutes" : "memory") + "; covered are " +
             count_text(integer_at(document, "covered_seconds")) + " of " +
             count_text(integer_at(document, "window_seconds")) + " s");
    out.line("");
}

void write_table(const Document& document, Output& out) {
    using Align = Column::Align;
    const auto by = text_at(document, "by");
    const auto outcome = text_at(document, "outcome");
    const bool of_clients = by == "client";
    std::vector<Column> columns{{upper(by.empty() ? "destination" : by)}};
    const bool of_destinations = text_at(document, "by") == "destination";
    if (of_destinations) columns.push_back({"SERVICE"});
    columns.push_back({upper(outcome.empty() ? "count" : outcome), Align::right});
    columns.push_back({"PER SECOND", Align::right});
    if (!of_clients) columns.push_back({"CLIENTS", Align::right});
    columns.push_back({"SINCE"});
    columns.push_back({"LAST"});
    Table table(std::move(columns));
    for (const auto& row : member_at(document, "rows")) {
        std::vector<std::string> cells{subject_of(row)};
        if (of_destinations) cells.push_back(service_of(row));
        cells.push_back(estimate_text(integer_at(row, "count"), integer_at(row, "error")));
        cells.push_back(rate_text(number_at(row, "per_second")));
        if (!of_clients) cells.push_back(estimate_text(integer_at(row, "clients"), integer_at(row, "clients_error")));
        cells.push_back(local_time(number_at(row, "first")));
        cells.push_back(local_time(number_at(row, "last")));
        table.add(cells);
    }
    const auto trouble = mirror_trouble(document);
    if (!trouble.empty()) {
        out.line(out.alarming("mirror: " + trouble));
        out.line("");
    }
    write_range(document, out);
    if (!table.empty()) table.write(out);
}

void write_csv(const Document& document, Output& out) {
    const std::vector<std::string> names{"address",    "port",    "service",       "count", "error",
                                         "per_second", "clients", "clients_error", "first", "last"};
    out.line(csv_line(names));
    for (const auto& row : member_at(document, "rows")) out.line(csv_line(fields_at(row, names)));
}

ExitCode show_once(const TopOptions& options, const std::vector<ServerAddress>& servers, Format format, Output& out,
                   std::ostream& diagnostics) {
    const auto range = range_parameters(options.from, options.to, servers, diagnostics);
    if (const auto* failure = std::get_if<ExitCode>(&range)) return *failure;
    auto answer = fetch(servers, target_of(options) + std::get<std::string>(range), diagnostics);
    if (const auto* failure = std::get_if<ExitCode>(&answer)) return *failure;
    const auto& [body, document] = std::get<Fetched>(answer);
    if (format == Format::json) out.raw(body.ends_with('\n') ? body : body + '\n');
    write_top(document, format, out, diagnostics);
    return ExitCode::ok;
}

ExitCode show_until_quit(const TopOptions& options, const std::vector<ServerAddress>& servers, Output& out) {
    constexpr const char* clear_screen = "\x1B[H\x1B[2J";
    KeyInput keys;
    do {
        std::ostringstream remarks;
        std::ostringstream page;
        // The page is made first, so that the screen is not empty while the daemon is asked.
        Output buffered(page, out.terminal(), out.colour());
        const auto result = show_once(options, servers, Format::table, buffered, remarks);
        if (result == ExitCode::usage) {
            out.raw(remarks.str());
            return result;
        }
        out.raw(clear_screen);
        out.line(
            out.heading(options.outcome + " by " + options.by + ", last " +
                        (options.window.empty() ? "60s" : options.window)) +
            "   (q to quit)   " +
            local_time(std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count()));
        out.line("");
        out.raw(page.str());
        out.raw(remarks.str());
        if (!out.finish()) return ExitCode::failure;
    } while (!keys.wait_for_quit(refresh));
    return ExitCode::ok;
}

}  // namespace

void write_top(const Document& document, Format format, Output& out, std::ostream& diagnostics) {
    const auto& rows = member_at(document, "rows");
    if (format == Format::table) write_table(document, out);
    if (format == Format::csv) write_csv(document, out);
    if (format == Format::jsonl)
        for (const auto& row : rows) out.line(json_line(row));
    if (rows.empty())
        diagnostics << emptiness_text(printable(text_at(document, "outcome")), integer_at(document, "attempts"),
                                      integer_at(member_at(document, "packets"), "received"), "is the SPAN port up?")
                    << '\n';
}

ExitCode top(const TopOptions& options, const std::vector<ServerAddress>& servers, Format format, Output& out,
             std::ostream& diagnostics) {
    const bool past = !options.from.empty() || !options.to.empty();
    const bool live = !past && !options.once && out.terminal() && format == Format::table;
    return live ? show_until_quit(options, servers, out) : show_once(options, servers, format, out, diagnostics);
}

}  // namespace rstwatch::cli
