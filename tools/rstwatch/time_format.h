// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace rstwatch::cli {

/// Seconds since the epoch as local time: "2026-11-20 10:54:50". "unknown" for none, and for what no calendar has.
std::string local_time(std::optional<double> seconds);

/// A span of time in the two units that matter: "0.250 s", "12.5 s", "3 min 20 s", "5 h 2 min", "16,203 d 4 h".
std::string span_text(std::optional<double> seconds);

}  // namespace rstwatch::cli
