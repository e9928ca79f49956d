// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "tools/rstwatch/exit_code.h"
#include "tools/rstwatch/output.h"
#include "tools/rstwatch/server_address.h"

namespace rstwatch::cli {

struct EventsOptions {
    std::string outcome;      ///< empty: every failure
    std::string destination;  ///< address with or without a port; empty: any
    std::string client;       ///< likewise
    bool resolve = false;     ///< names of addresses in tables
};

/// Writes a line for every connection attempt that fails from now on, until somebody ends it. When the daemon goes away
/// it waits for it to come back; when there is none at the beginning, that is the end.
ExitCode events(const EventsOptions& options, const std::vector<ServerAddress>& servers, Format format, Output& out,
                std::ostream& diagnostics);

}  // namespace rstwatch::cli
