// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/history.h"

#include <algorithm>
#include <cmath>

#include "tools/rstwatch/client.h"
#include "tools/rstwatch/csv.h"
#include "tools/rstwatch/depth.h"
#include "tools/rstwatch/emptiness.h"
#include "tools/rstwatch/escape.h"
#include "tools/rstwatch/fetch.h"
#include "tools/rstwatch/number_format.h"
#include "tools/rstwatch/sparkline.h"
#include "tools/rstwatch/table.h"
#include "tools/rstwatch/time_format.h"
#include "tools/rstwatch/time_range.h"

namespace rstwatch::cli {
namespace {

constexpr std::size_t shown_outcomes = 5;
constexpr std::size_t columns_of_a_pipe = 120;
constexpr std::size_t fewest_columns = 10, most_columns = 200;
/// Of name and three numbers, as wide as they mostly are.
constexpr std::size_t columns_beside = 56;

/// What is counted under a name, at each point.
struct Series {
    std::string name;
    std::int64_t total = 0;
    bool known = false;                        // at one point at least
    std::vector<std::optional<double>> rates;  // per second, by step since the beginning; none: nothing is known
};

struct Grid {
    double from = 0, step = 1;
    std::size_t steps = 0;

    explicit Grid(const Document& document)
        : from(number_at(document, "from").value_or(0)),
          step(std::max(number_at(document, "step_seconds").value_or(1), 1.0)) {
        const double span = number_at(document, "to").value_or(from) - from;
        // No more than a daemon serves, whatever a document says.
        steps = static_cast<std::size_t>(std::clamp(std::ceil(span / step), 0.0, 20000.0));
    }
};

template <typename Count>
Series series_of(const Document& document, const std::string& name, Count count) {
    const Grid grid(document);
    Series series{name, 0, false, std::vector<std::optional<double>>(grid.steps)};
    for (const auto& point : member_at(document, "points")) {
        const double place = (number_at(point, "time").value_or(0) - grid.from) / grid.step;
        const std::optional<std::int64_t> number = count(point);
        if (!number || !(place >= 0 && place < static_cast<double>(grid.steps))) continue;
        const double seconds = std::max(number_at(point, "seconds").value_or(grid.step), 1.0);
        series.rates[static_cast<std::size_t>(place)] = static_cast<double>(*number) / seconds;
        series.total += *number;
        series.known = true;
    }
    return series;
}

Series series_of_member(const Document& document, const char* name) {
    return series_of(document, name, [name](const Document& point) { return integer_at(point, name); });
}

/// The names of outcomes at any point, in the order in which they first occur.
std::vector<std::string> outcome_names(const Document& document) {
    std::vector<std::string> names;
    for (const auto& point : member_at(document, "points")) {
        const auto& outcomes = member_at(point, "outcomes");
        for (const auto& [name, count] : outcomes.items())
            if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
    return names;
}

std::vector<Series> shown_series(const Document& document) {
    std::vector<Series> all;
    for (const char* name : {"packets", "attempts", "accepted", "failed"}) {
        all.push_back(series_of_member(document, name));
        if (!all.back().known) all.pop_back();
    }
    std::vector<Series> outcomes;
    for (const auto& name : outcome_names(document))
        outcomes.push_back(series_of(document, name, [&](const Document& point) {
            return std::optional(integer_at(member_at(point, "outcomes"), name).value_or(0));
        }));
    std::ranges::stable_sort(outcomes, std::greater(), &Series::total);
    if (outcomes.size() > shown_outcomes) outcomes.resize(shown_outcomes);
    all.insert(all.end(), outcomes.begin(), outcomes.end());
    return all;
}

double seconds_seen(const Document& document) {
    double seconds = 0;
    for (const auto& point : member_at(document, "points")) seconds += number_at(point, "seconds").value_or(0);
    return seconds;
}

std::string subject_text(const Document& document) {
    const auto subject = text_at(document, "subject");
    if (subject.empty()) return "the network";
    const auto direction = text_at(document, "direction");
    return printable(direction.empty() ? subject : direction + " connections of " + subject);
}

void write_table(const Document& document, std::size_t columns, bool unicode, Output& out) {
    const Grid grid(document);
    const double end = number_at(document, "to").value_or(0);
    const std::size_t width =
        std::clamp(columns > columns_beside ? columns - columns_beside : 0, fewest_columns, most_columns);
    const std::size_t merged = std::max<std::size_t>((grid.steps + width - 1) / width, 1);
    out.line(out.heading(subject_text(document)) + ", " + local_time(grid.from) + " to " + local_time(end) + ", from " +
             (text_at(document, "source") == "store" ? "the store" : "memory"));
    out.line("steps of " + period_text(static_cast<std::int64_t>(grid.step)) + "; one column is " +
             period_text(static_cast<std::int64_t>(grid.step) * static_cast<std::int64_t>(merged)) +
             (merged > 1 ? ", the highest of its steps" : "") + "; each line is on a scale from 0 to its own peak");
    out.line("");
    using Align = Column::Align;
    Table table({{"COUNT OF"},
                 {"TOTAL", Align::right},
                 {"PER SECOND", Align::right},
                 {"PEAK PER SECOND", Align::right},
                 {"OVER TIME"}});
    const double seconds = seconds_seen(document);
    for (const Series& series : shown_series(document)) {
        double peak = 0;
        for (const auto& rate : series.rates) peak = std::max(peak, rate.value_or(0));
        table.add({series.name, with_separators(series.total),
                   rate_text(static_cast<double>(series.total) / std::max(seconds, 1.0)), rate_text(peak),
                   sparkline(squeezed(series.rates, width), unicode)});
    }
    table.write(out);
    if (const auto depth = depth_trouble_of_history(document); !depth.empty()) {
        out.line("");
        out.line(out.alarming("depth: " + depth));
    }
    if (member_at(document, "gaps").empty()) return;
    out.line("");
    for (const auto& gap : member_at(document, "gaps"))
        out.line("nothing known from " + local_time(number_at(gap, "from")) + " to " +
                 local_time(number_at(gap, "to")) +
                 (text_at(gap, "reason") == "not_running" ? ": the daemon did not run (blank above)"
                                                          : ": before the first record (blank above)"));
}

void write_points_csv(const Document& document, Output& out) {
    const std::vector<std::string> fixed{
        "time", "seconds", "packets", "attempts", "accepted", "failed", "control_depth_seconds"};
    const auto outcomes = outcome_names(document);
    auto titles = fixed;
    titles.insert(titles.end(), outcomes.begin(), outcomes.end());
    out.line(csv_line(titles));
    for (const auto& point : member_at(document, "points")) {
        auto fields = fields_at(point, fixed);
        for (const auto& name : outcomes)
            fields.push_back(std::to_string(integer_at(member_at(point, "outcomes"), name).value_or(0)));
        out.line(csv_line(fields));
    }
}

/// So that what is missing never looks like peace.
void explain_missing_history(const Document& document, std::ostream& diagnostics) {
    if (member_at(document, "points").empty()) {
        diagnostics << "no history from " << local_time(number_at(document, "from")) << " to "
                    << local_time(number_at(document, "to"))
                    << ": the daemon did not run then, or its records do not reach back that far; `rstwatch status` "
                       "says where they are kept\n";
        return;
    }
    const Series packets = series_of_member(document, "packets");
    const Series attempts = series_of_member(document, "attempts");
    if (packets.known && attempts.known && attempts.total == 0)
        diagnostics << emptiness_text("attempts", attempts.total, packets.total, "is the SPAN port up?") << '\n';
}

std::string query_of(const HistoryOptions& options) {
    std::string query;
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) query += std::string("&") + name + "=" + percent_encoded(value);
    };
    add("last", options.last);
    add("step", options.step);
    add("scope", !options.service.empty() ? "service" : !options.host.empty() ? "host" : "");
    add("subject", options.service + options.host);
    add("direction", options.outgoing ? "outgoing" : "");
    return query;
}

}  // namespace

void write_history(const Document& document, Format format, std::size_t columns, bool unicode, Output& out,
                   std::ostream& diagnostics) {
    const bool any = !member_at(document, "points").empty();
    if (format == Format::table && any) write_table(document, columns, unicode, out);
    if (format == Format::csv) write_points_csv(document, out);
    if (format == Format::jsonl)
        for (const auto& point : member_at(document, "points")) out.line(json_line(point));
    explain_missing_history(document, diagnostics);
}

ExitCode history(const HistoryOptions& options, const std::vector<ServerAddress>& servers, Format format, Output& out,
                 std::ostream& diagnostics) {
    auto range = range_parameters(options.from, options.to, servers, diagnostics);
    if (const auto* failure = std::get_if<ExitCode>(&range)) return *failure;
    std::string query = query_of(options) + std::get<std::string>(range);
    if (!query.empty()) query.front() = '?';
    auto answer = fetch(servers, "/api/v1/history" + query, diagnostics);
    if (const auto* failure = std::get_if<ExitCode>(&answer)) return *failure;
    const auto& [body, document] = std::get<Fetched>(answer);
    if (format == Format::json) out.raw(body.ends_with('\n') ? body : body + '\n');
    write_history(document, format, out.width() > 0 ? out.width() : columns_of_a_pipe, locale_is_utf8(), out,
                  diagnostics);
    return ExitCode::ok;
}

}  // namespace rstwatch::cli
