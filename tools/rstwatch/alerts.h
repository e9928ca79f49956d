// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "tools/rstwatch/document.h"
#include "tools/rstwatch/exit_code.h"
#include "tools/rstwatch/names.h"
#include "tools/rstwatch/output.h"
#include "tools/rstwatch/server_address.h"

namespace rstwatch::cli {

struct AlertsOptions {
    bool all = false;         ///< also those that were cleared within the last hour
    std::string acknowledge;  ///< ID of the alert to acknowledge; empty: list
    bool resolve = false;
};

/// Lists the alerts, or acknowledges one and shows it.
ExitCode alerts(const AlertsOptions& options, const std::vector<ServerAddress>& servers, Format format, Output& out,
                std::ostream& diagnostics);

/// The alerts of an /alerts document in the order in which they matter: active ones first, the highest level and rate
/// before lower ones; cleared ones only if `all`, the latest first. Valid as long as the document.
std::vector<const Document*> sorted_alerts(const Document& document, bool all);

/// Writes alerts for a person: a line for each, with its text below. Times of the day of `now` have no date.
void write_alerts(const std::vector<const Document*>& alerts, Output& out, double now, const NameOf& name_of,
                  const std::string& indent = "");

}  // namespace rstwatch::cli
