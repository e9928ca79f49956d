// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <vector>

#include "tools/rstwatch/document.h"
#include "tools/rstwatch/exit_code.h"
#include "tools/rstwatch/output.h"
#include "tools/rstwatch/server_address.h"

namespace rstwatch::cli {

/// Shows what the daemon receives, loses and holds. The csv form has one line for each value: its path and itself.
ExitCode status(const std::vector<ServerAddress>& servers, Format format, Output& out, std::ostream& diagnostics);

/// Writes a /status document as table, jsonl or csv; that no packet was seen is said on `diagnostics`.
void write_status(const Document& document, Format format, Output& out, std::ostream& diagnostics);

}  // namespace rstwatch::cli
