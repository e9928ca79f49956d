// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/top.h"

#include "tools/rstwatch/client.h"
#include "tools/rstwatch/csv.h"
#include "tools/rstwatch/depth.h"
#include "tools/rstwatch/emptiness.h"
#include "tools/rstwatch/escape.h"
#include "tools/rstwatch/fetch.h"
#include "tools/rstwatch/live_top.h"
#include "tools/rstwatch/mirror.h"
#include "tools/rstwatch/number_format.h"
#include "tools/rstwatch/readiness.h"
#include "tools/rstwatch/time_format.h"
#include "tools/rstwatch/time_range.h"
#include "tools/rstwatch/top_table.h"

namespace rstwatch::cli {
namespace {

std::string target_of(const TopOptions& options) {
    const std::string window = options.window.empty() ? "" : "&window=" + percent_encoded(options.window);
    return "/api/v1/top?by=" + percent_encoded(options.by) + "&outcome=" + percent_encoded(options.outcome) + window +
           "&n=" + std::to_string(options.rows.value_or(10));
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

void write_table(const Document& document, Output& out, const NameOf& name_of) {
    std::vector<const Document*> rows;
    for (const auto& row : member_at(document, "rows")) rows.push_back(&row);
    const auto table = top_table(text_at(document, "by"), text_at(document, "outcome"), rows, {.name_of = name_of});
    const auto trouble = mirror_trouble(document);
    if (!trouble.empty()) {
        out.line(out.alarming("mirror: " + trouble));
        out.line("");
    }
    const auto depth = depth_trouble(document);
    if (!depth.empty()) {
        out.line(out.alarming("depth: " + depth));
        out.line("");
    }
    write_range(document, out);
    if (!table.empty()) table.write(out);
}

void write_rows_csv(const Document& document, Output& out) {
    const std::vector<std::string> names{"address", "port",          "service", "count", "error", "per_second",
                                         "clients", "clients_error", "first",   "last",  "host"};
    out.line(csv_line(names));
    for (const auto& row : member_at(document, "rows")) out.line(csv_line(fields_at(row, names)));
}

/// Before anything else: who reads on is to know that it may not be so. Data stays alone on standard output.
void warn_unless_ready(const std::vector<ServerAddress>& servers, Format format, Output& out,
                       std::ostream& diagnostics) {
    const auto answer = try_fetch(servers, {.target = "/api/v1/status"});
    if (std::holds_alternative<FetchFailure>(answer)) return;  // the next question says why
    for (const auto& failure : failures_of_readiness(std::get<Fetched>(answer).document)) {
        if (format == Format::table) {
            out.line(out.alarming("not ready: " + failure));
        } else {
            diagnostics << "not ready: " << failure << '\n';
        }
    }
}

ExitCode show_once(const TopOptions& options, const std::vector<ServerAddress>& servers, Format format, Output& out,
                   std::ostream& diagnostics) {
    const auto range = range_parameters(options.from, options.to, servers, diagnostics);
    if (const auto* failure = std::get_if<ExitCode>(&range)) return *failure;
    if (options.from.empty() && options.to.empty()) warn_unless_ready(servers, format, out, diagnostics);
    auto answer = fetch(servers, target_of(options) + std::get<std::string>(range), diagnostics);
    if (const auto* failure = std::get_if<ExitCode>(&answer)) return *failure;
    const auto& [body, document] = std::get<Fetched>(answer);
    if (format == Format::json) out.raw(body.ends_with('\n') ? body : body + '\n');
    write_top(document, format, options.resolve, out, diagnostics);
    return ExitCode::ok;
}

}  // namespace

void write_top(const Document& document, Format format, bool resolve, Output& out, std::ostream& diagnostics) {
    const auto& rows = member_at(document, "rows");
    if (format == Format::table)
        write_with_names(resolve, out, [&](Output& to, const NameOf& name_of) { write_table(document, to, name_of); });
    if (format == Format::csv) write_rows_csv(document, out);
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
    const bool live = !past && !options.once && out.terminal() && !is_dumb_terminal() && format == Format::table;
    if (!live) return show_once(options, servers, format, out, diagnostics);
    // Before the terminal is taken: what is wrong from the beginning is said and done with.
    auto first = try_fetch(servers, {.target = target_of(options)});
    if (const auto* failure = std::get_if<FetchFailure>(&first)) {
        constexpr unsigned not_ready = 503;
        if (failure->status != not_ready) {
            diagnostics << "rstwatch: " << failure->message << '\n';
            return failure->code;
        }
    }
    return show_live_top(options, servers, out);
}

}  // namespace rstwatch::cli
