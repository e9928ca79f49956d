// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "tools/rstwatch/output.h"
#include "tools/rstwatch/server_address.h"

namespace rstwatch::cli {

/// What a Nagios plugin exits with. UNKNOWN also stands for wrong usage and a daemon that cannot be reached: their
/// usual exit codes would read as WARNING and CRITICAL.
enum class CheckState : int { ok = 0, warning = 1, critical = 2, unknown = 3 };

constexpr int number(CheckState state) {
    return static_cast<int>(state);
}

struct CheckOptions {
    double warn = 0;             ///< failed attempts per second from which it is a warning
    double crit = 0;             ///< and from which it is critical; not below `warn`
    std::string window = "60s";  ///< 10s, 60s or 5m
    std::string service;         ///< ADDRESS:PORT; empty: all of the network
};

/// Compares the rate of failed attempts with the thresholds and prints one line with its reason and performance data.
/// No packets are UNKNOWN: they must never look like no failures.
CheckState check(const CheckOptions& options, const std::vector<ServerAddress>& servers, Format format, Output& out);

/// Says that nothing could be checked, in the same form.
CheckState report_unknown(const std::string& reason, Format format, Output& out);

}  // namespace rstwatch::cli
