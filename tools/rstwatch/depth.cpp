// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/depth.h"

#include <optional>

#include "tools/rstwatch/escape.h"
#include "tools/rstwatch/time_format.h"

namespace rstwatch::cli {

std::string untold_outcomes(const Document& document) {
    const auto& tracking = member_at(document, "tracking");
    std::string names;
    for (const auto& name : member_at(tracking, "not_told"))
        if (name.is_string()) names += (names.empty() ? "" : ", ") + printable(name.get<std::string>());
    if (names.empty()) return names;
    const bool fell = integer_at(tracking, "falls").value_or(0) > 0;
    const std::string why = fell ? "a core could not keep up and looked only control segments up (tracking.overload)"
                                 : "control segments only (tracking.depth)";
    return why + "; not told: " + names;
}

std::string depth_trouble_since_start(const Document& document) {
    const auto seconds = integer_at(document, "control_depth_seconds").value_or(0);
    if (seconds == 0) return {};
    return "not every segment was looked up in " + std::to_string(seconds) +
           " s since the start: outcomes that show in data alone are missing; `rstwatch history` says when";
}

std::string depth_trouble_of_history(const Document& history) {
    std::int64_t seconds = 0;
    std::optional<double> first, last;
    for (const auto& point : member_at(history, "points")) {
        const auto more = integer_at(point, "control_depth_seconds").value_or(0);
        if (more <= 0) continue;
        seconds += more;
        last = number_at(point, "time");
        if (!first) first = last;
    }
    if (seconds == 0) return {};
    const double step = number_at(history, "step_seconds").value_or(0);
    return "not every segment was looked up in " + std::to_string(seconds) + " s from " + local_time(first) + " to " +
           local_time(last.value_or(0) + step) + ": outcomes that show in data alone are missing there";
}

std::string depth_trouble(const Document& top) {
    const auto seconds = integer_at(top, "control_depth_seconds").value_or(0);
    if (seconds == 0) return {};
    return "not every segment was looked up in " + std::to_string(seconds) + " of these " +
           std::to_string(integer_at(top, "window_seconds").value_or(0)) +
           " s: outcomes that show in data alone are missing; `rstwatch status` names them";
}

}  // namespace rstwatch::cli
