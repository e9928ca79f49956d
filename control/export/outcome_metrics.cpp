// SPDX-License-Identifier: Apache-2.0
#include "control/export/outcome_metrics.h"

#include <algorithm>

namespace rstwatch::control {
namespace {

using Type = Exposition::Type;
using Counts = std::array<std::uint64_t, tally::outcome_count>;

void add_by_outcome(Exposition& out, std::string_view name, Type type, std::string_view help, const Counts& counts) {
    out.family(name, type, help);
    for (const tally::Outcome outcome : tally::all_outcomes())
        out.sample({{"outcome", tally::name(outcome)}}, counts[tally::index(outcome)]);
}

/// Counters have what is final, as the cores know it: what control takes back later would make them fall.
void add_outcomes(Exposition& out, const Totals& totals) {
    out.counter("attempts_total",
                "Connection attempts: pending, open, or with a final outcome that is no "
                "midstream or unsolicited one",
                totals.outcomes.attempts);
    out.gauge("attempts_pending", "Attempts without a final outcome that are not open", totals.gauges.pending);
    out.gauge("attempts_open", "Attempts that were established and have not ended", totals.gauges.open);
    add_by_outcome(out, "outcomes_total", Type::counter, "Final outcomes of connections", totals.outcomes.final);
    add_by_outcome(out, "first_verdicts_total", Type::counter,
                   "First verdicts on connections, which some seconds or a minute later become final or are revised",
                   totals.outcomes.first);
    add_by_outcome(out, "outcomes_provisional", Type::gauge, "Verdicts that are given and not final",
                   totals.gauges.provisional);
    add_by_outcome(out, "outcomes_shown", Type::gauge,
                   "Outcomes as they are shown: final, provisional, and corrected by what became known since",
                   totals.shown());
    out.counter("handshakes_completed_total", "Handshakes completed", totals.outcomes.accepted);
    out.counter("revised_verdicts_total", "Verdicts that were taken back or changed", totals.revised);
}

void add_alerts(Exposition& out, const Snapshot& snapshot) {
    out.family("alerts_active", Type::gauge, "Alerts that go on, by level");
    for (const AlertLevel level : {AlertLevel::warn, AlertLevel::error, AlertLevel::critical}) {
        const auto active = std::ranges::count_if(
            snapshot.alerts, [&](const Alert& alert) { return alert.level == level && !alert.until; });
        out.sample({{"level", name(level)}}, static_cast<std::uint64_t>(active));
    }
    const auto acknowledged =
        std::ranges::count_if(snapshot.alerts, [](const Alert& alert) { return alert.acknowledged && !alert.until; });
    out.gauge("alerts_acknowledged", "Alerts that go on and that somebody takes care of",
              static_cast<std::uint64_t>(acknowledged));
}

void add_span(Exposition& out, const Snapshot& snapshot) {
    out.gauge("span_one_way", "1 if the mirror shows one direction of the connections only",
              std::uint64_t{snapshot.span.one_way});
    out.gauge("span_duplicated", "1 if the mirror shows packets twice", std::uint64_t{snapshot.span.duplicated});
    out.family("tracking_depth", Type::gauge, "1 for how closely connections are followed now");
    out.sample({{"depth", "full"}}, std::uint64_t{!snapshot.at_control_depth()});
    out.sample({{"depth", "control"}}, std::uint64_t{snapshot.at_control_depth()});
}

void add_control(Exposition& out, const Snapshot& snapshot) {
    out.family("build_info", Type::gauge, "1, with the version as label");
    out.sample({{"version", snapshot.version}}, std::uint64_t{1});
    if (!snapshot.replay)
        out.gauge("start_time_seconds", "When the daemon was started, since the epoch",
                  static_cast<double>(snapshot.started) / static_cast<double>(tally::second));
    out.counter("control_cpu_seconds_total", "CPU time of the control thread", snapshot.load.cpu_seconds);
    out.counter("control_merge_seconds_total", "Time that the control thread took to merge and judge intervals",
                snapshot.load.merge_seconds);
    out.counter("control_intervals_total", "Intervals merged and judged", snapshot.load.intervals);
}

}  // namespace

void add_outcome_metrics(Exposition& out, const Snapshot& snapshot) {
    add_control(out, snapshot);
    add_outcomes(out, snapshot.totals);
    add_alerts(out, snapshot);
    add_span(out, snapshot);
}

}  // namespace rstwatch::control
