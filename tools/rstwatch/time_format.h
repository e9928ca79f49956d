// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace rstwatch::cli {

/// Seconds since the epoch as local time: "2026-11-20 10:54:50". "unknown" for none, and for what no calendar has.
std::string local_time(std::optional<double> seconds);

/// The same, or the time of day alone where that is on the local day of `now`: "10:54:50". With no number as `now`
/// every time has a date.
std::string time_text(std::optional<double> seconds, double now);

/// The wall clock in seconds since the epoch.
double wall_clock();

/// A span of time in the two units that matter: "0.250 s", "12.5 s", "3 min 20 s", "5 h 2 min", "16,203 d 4 h".
std::string span_text(std::optional<double> seconds);

/// A span that somebody has chosen, in the largest unit that it is a multiple of: "10 s", "1 min", "24 h", "7 d".
std::string period_text(std::int64_t seconds);

/// A span for what is shorter than a second as a rule: "350 µs", "12.5 ms", "1.2 s".
std::string latency_text(std::optional<double> seconds);

}  // namespace rstwatch::cli
