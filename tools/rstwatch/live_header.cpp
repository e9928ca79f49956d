// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/live_header.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/rstwatch/alerts.h"
#include "tools/rstwatch/depth.h"
#include "tools/rstwatch/escape.h"
#include "tools/rstwatch/mirror.h"
#include "tools/rstwatch/number_format.h"
#include "tools/rstwatch/readiness.h"
#include "tools/rstwatch/time_format.h"

namespace rstwatch::cli {
namespace {

const Document& document_of(const std::optional<Document>& document) {
    static const Document nothing = Document::object();
    return document ? *document : nothing;
}

/// Per second over the window that a /top document covers.
std::string rate_of(const Document& top, std::optional<std::int64_t> count) {
    const auto seconds = integer_at(top, "window_seconds").value_or(0);
    if (!count || seconds <= 0) return "unknown";
    return rate_text(static_cast<double>(*count) / static_cast<double>(seconds)) + "/s";
}

std::optional<std::int64_t> failed_in(const Document& top) {
    if (!top.contains("rows")) return std::nullopt;
    std::int64_t failed = 0;
    for (const auto& row : member_at(top, "rows")) failed += integer_at(row, "count").value_or(0);
    return failed;
}

/// What was lost on the way to the verdicts; unknown as soon as a port does not know what it lost, but never less than
/// is known.
std::string drops_text(const Document& status) {
    if (status.empty()) return "unknown";
    bool unknown = false;
    std::int64_t drops = integer_at(status, "forward_dropped").value_or(0);
    for (const auto& port : member_at(status, "ports")) {
        for (const auto* cause : {"missed", "errors", "no_mbuf"}) {
            const auto count = integer_at(member_at(port, "dropped"), cause);
            unknown = unknown || !count;
            drops += count.value_or(0);
        }
        // Of ports that are no interface of the kernel there is nothing to be known here.
        drops += integer_at(member_at(port, "dropped"), "interface").value_or(0);
    }
    if (unknown) return drops > 0 ? "at least " + with_separators(drops) : "unknown";
    return with_separators(drops);
}

/// Puts parts side by side, in as many lines as the width takes. Each has a style of its own.
void write_parts(const std::vector<std::pair<std::string, Style>>& parts, Output& out) {
    constexpr std::string_view gap = "  ";
    std::string line;
    std::size_t width = 0;
    for (const auto& [text, style] : parts) {
        const auto more = display_width(text) + (line.empty() ? 0 : gap.size());
        if (!line.empty() && width + more > out.width()) {
            out.line(line);
            line.clear();
            width = 0;
        }
        line += (line.empty() ? "" : std::string(gap)) + out.styled(text, style);
        width += more;
    }
    out.line(line);
}

/// How many alerts of each level are active.
std::vector<std::pair<std::string, Style>> alerts_parts(const std::optional<Document>& alerts) {
    if (!alerts) return {{"alerts unknown", Style::plain}};
    const auto active = sorted_alerts(*alerts, false);
    std::vector<std::pair<std::string, Style>> parts;
    for (const auto* level : {"critical", "error", "warn"}) {
        const auto count = std::count_if(active.begin(), active.end(),
                                         [&](const auto* alert) { return text_at(*alert, "level") == level; });
        const auto* before = parts.empty() ? "alerts " : "";
        if (count > 0) parts.emplace_back(before + with_separators(count) + " " + level, style_of_level(level));
    }
    if (parts.empty()) parts.emplace_back("alerts none", Style::plain);
    return parts;
}

}  // namespace

void write_live_header(const LiveAnswer& answer, bool paused, double now, Output& out) {
    const auto& status = document_of(answer.status);
    const auto sensor = text_at(status, "sensor");
    const auto failures_of_daemon = failures_of_readiness(status);
    out.line(out.heading("rstwatch top") + "  " + printable(sensor.empty() ? "sensor unknown" : sensor) + "  " +
             printable(text_at(status, "mode")) + "  " + time_text(now, now) +
             (failures_of_daemon.empty() ? "" : "  " + out.styled("NOT READY", Style::error)) +
             (paused ? "  " + out.styled(" PAUSED ", Style::selected) : ""));
    for (const auto& failure : failures_of_daemon) out.text("", failure, Style::error);
    const auto& failures = document_of(answer.failures);
    const auto packets = integer_at(member_at(failures, "packets"), "received");
    std::vector<std::pair<std::string, Style>> parts{
        {"packets " + rate_of(failures, packets), Style::plain},
        {"attempts " + rate_of(failures, integer_at(failures, "attempts")), Style::plain},
        {"failed " + rate_of(failures, failed_in(failures)), Style::plain},
        {"dropped " + drops_text(status), Style::plain}};
    for (auto& part : alerts_parts(answer.alerts)) parts.push_back(std::move(part));
    write_parts(parts, out);
    if (!answer.problem.empty()) out.text("", answer.problem + " (asking again)", Style::error);
    if (answer.problem.empty() && packets == 0)
        out.text("", "no packets within the last 10 s: is the SPAN port up?", Style::error);
    const auto trouble = mirror_trouble(document_of(answer.top));
    if (!trouble.empty()) out.text("", "mirror: " + trouble, Style::error);
    const auto depth = depth_trouble(document_of(answer.top));
    if (!depth.empty()) out.text("", "depth: " + depth, Style::error);
}

}  // namespace rstwatch::cli
