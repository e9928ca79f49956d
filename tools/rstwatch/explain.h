// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "tools/rstwatch/exit_code.h"
#include "tools/rstwatch/output.h"
#include "tools/rstwatch/server_address.h"

namespace rstwatch::cli {

struct ExplainOptions {
    std::string subject;  ///< ADDRESS or ADDRESS:PORT
    bool resolve = false;
};

/// Where the daemon answers for a host or a service; nothing when `subject` is neither.
std::optional<std::string> explain_target(const std::string& subject);

/// Says what is wrong with a service or a host, why, and what to do. One that is not known is a failure.
ExitCode explain(const ExplainOptions& options, const std::vector<ServerAddress>& servers, Format format, Output& out,
                 std::ostream& diagnostics);

}  // namespace rstwatch::cli
