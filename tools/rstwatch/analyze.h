// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "tools/rstwatch/output.h"

namespace rstwatch::cli {

struct AnalyzeOptions {
    std::vector<std::string> files;  ///< "-" is standard input
    std::optional<std::int64_t> rows;
    bool connections = false;
    std::vector<std::string> settings;  ///< KEY=VALUE of the configuration
};

/// The arguments of the rstwatchd that reads the files for a report in `format`.
std::vector<std::string> daemon_arguments(const AnalyzeOptions& options, Format format);

/// Reports on captures. Returns the exit code of rstwatchd, or 1 when it could not be run or understood; does not
/// return where rstwatchd's own output is what was asked for.
int analyze(const AnalyzeOptions& options, Format format, Output& out, std::ostream& diagnostics);

}  // namespace rstwatch::cli
