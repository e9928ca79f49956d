// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/alerts.h"

#include <algorithm>
#include <tuple>
#include <utility>
#include <variant>

#include "tools/rstwatch/client.h"
#include "tools/rstwatch/csv.h"
#include "tools/rstwatch/depth.h"
#include "tools/rstwatch/emptiness.h"
#include "tools/rstwatch/escape.h"
#include "tools/rstwatch/fetch.h"
#include "tools/rstwatch/number_format.h"
#include "tools/rstwatch/row.h"
#include "tools/rstwatch/table.h"
#include "tools/rstwatch/time_format.h"

namespace rstwatch::cli {
namespace {

using Align = Column::Align;

bool is_active(const Document& alert) {
    return !number_at(alert, "until");
}

/// The level that counts: of a cleared alert the highest that it had.
std::string level_of(const Document& alert) {
    auto level = text_at(alert, is_active(alert) ? "level" : "peak_level");
    return level.empty() ? "unknown" : level;
}

int rank_of(const std::string& level) {
    return level == "critical" ? 3 : level == "error" ? 2 : level == "warn" ? 1 : 0;
}

/// "10.0.0.1:443", "10.0.0.1 outgoing", "network"
std::string subject_text(const Document& alert, const NameOf& name_of) {
    const auto subject = text_at(alert, "subject");
    const auto endpoint = parse_endpoint(subject);
    auto text = endpoint ? endpoint_text(name_or_address(name_of, endpoint->address), endpoint->port) : subject;
    const auto direction = text_at(alert, "direction");
    return text_at(alert, "scope") == "host" && !direction.empty() ? text + " " + direction : text;
}

std::string state_of(const Document& alert, double now) {
    if (!is_active(alert)) return "cleared at " + time_text(number_at(alert, "until"), now);
    return is_true_at(alert, "acknowledged") ? "acknowledged" : "active";
}

void write_lines(const std::vector<const Document*>& alerts, Output& out) {
    for (const auto* alert : alerts) out.line(json_line(*alert));
}

void write_csv(const std::vector<const Document*>& alerts, Output& out) {
    const std::vector<std::string> names{
        "id",    "scope",   "subject", "direction", "level", "peak_level",       "per_second",   "peak_per_second",
        "share", "failed",  "since",   "fired",     "until", "duration_seconds", "acknowledged", "acknowledged_at",
        "cause", "service", "clients", "text",      "host"};
    out.line(csv_line(names));
    for (const auto* alert : alerts) out.line(csv_line(fields_at(*alert, names)));
}

void write(const std::vector<const Document*>& alerts, Format format, bool resolve, Output& out) {
    if (format == Format::jsonl) write_lines(alerts, out);
    if (format == Format::csv) write_csv(alerts, out);
    if (format == Format::table && !alerts.empty())
        write_with_names(resolve, out,
                         [&](Output& to, const NameOf& name_of) { write_alerts(alerts, to, wall_clock(), name_of); });
}

/// Why there is none; what the daemon receives says whether there could be any.
void explain_emptiness(bool all, const std::vector<ServerAddress>& servers, std::ostream& diagnostics) {
    std::optional<std::int64_t> attempts;
    std::optional<std::int64_t> packets;
    auto answer = try_fetch(servers, {.target = "/api/v1/status"});
    if (const auto* fetched = std::get_if<Fetched>(&answer)) {
        attempts = integer_at(fetched->document, "attempts");
        packets = integer_at(member_at(fetched->document, "packets"), "received");
    }
    diagnostics << emptiness_text(all ? "alerts" : "active alerts", attempts, packets, "is the SPAN port up?") << '\n';
}

ExitCode list(const AlertsOptions& options, const std::vector<ServerAddress>& servers, Format format, Output& out,
              std::ostream& diagnostics) {
    auto answer = fetch(servers, "/api/v1/alerts", diagnostics);
    if (const auto* failure = std::get_if<ExitCode>(&answer)) return *failure;
    const auto& [body, document] = std::get<Fetched>(answer);
    if (format == Format::json) out.raw(body.ends_with('\n') ? body : body + '\n');
    const auto alerts = sorted_alerts(document, options.all);
    const auto depth = depth_trouble_since_start(document);
    if (format == Format::table && !alerts.empty() && !depth.empty()) {
        out.line(out.alarming("depth: " + depth));
        out.line("");
    }
    write(alerts, format, options.resolve, out);
    if (alerts.empty()) explain_emptiness(options.all, servers, diagnostics);
    return ExitCode::ok;
}

ExitCode acknowledge(const AlertsOptions& options, const std::vector<ServerAddress>& servers, Format format,
                     Output& out, std::ostream& diagnostics) {
    auto answer = try_fetch(
        servers,
        {.target = "/api/v1/alerts/" + percent_encoded(options.acknowledge) + "/acknowledge", .method = Method::post});
    if (const auto* failure = std::get_if<FetchFailure>(&answer)) {
        diagnostics << "rstwatch: alert " << printable(options.acknowledge)
                    << " was not acknowledged: " << failure->message << '\n';
        return failure->code;
    }
    const auto& [body, document] = std::get<Fetched>(answer);
    if (format == Format::json) out.raw(body.ends_with('\n') ? body : body + '\n');
    write({&document}, format, options.resolve, out);
    return ExitCode::ok;
}

}  // namespace

std::vector<const Document*> sorted_alerts(const Document& document, bool all) {
    std::vector<const Document*> alerts;
    for (const auto& alert : member_at(document, "alerts"))
        if (alert.is_object() && (all || is_active(alert))) alerts.push_back(&alert);
    const auto order = [](const Document* alert) {
        const bool active = is_active(*alert);
        return std::tuple(!active, active ? -rank_of(level_of(*alert)) : 0, -number_at(*alert, "until").value_or(0),
                          -number_at(*alert, "per_second").value_or(0));
    };
    std::stable_sort(alerts.begin(), alerts.end(), [&](const auto* a, const auto* b) { return order(a) < order(b); });
    return alerts;
}

void write_alerts(const std::vector<const Document*>& alerts, Output& out, double now, const NameOf& name_of,
                  const std::string& indent) {
    Table table({{"LEVEL"},
                 {"SUBJECT"},
                 {"SERVICE"},
                 {"PER SECOND", Align::right},
                 {"SINCE"},
                 {"DURATION"},
                 {"STATE"},
                 {"ID"}});
    for (const auto* alert : alerts) {
        const auto level = level_of(*alert);
        const auto rate = number_at(*alert, is_active(*alert) ? "per_second" : "peak_per_second");
        table.add({level, subject_text(*alert, name_of), service_of(*alert), rate_text(rate),
                   time_text(number_at(*alert, "since"), now), span_text(number_at(*alert, "duration_seconds")),
                   state_of(*alert, now), text_at(*alert, "id")},
                  is_active(*alert) ? style_of_level(level) : Style::plain, text_at(*alert, "text"));
    }
    table.write(out, indent);
}

ExitCode alerts(const AlertsOptions& options, const std::vector<ServerAddress>& servers, Format format, Output& out,
                std::ostream& diagnostics) {
    return options.acknowledge.empty() ? list(options, servers, format, out, diagnostics)
                                       : acknowledge(options, servers, format, out, diagnostics);
}

}  // namespace rstwatch::cli
