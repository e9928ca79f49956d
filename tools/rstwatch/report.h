// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <string_view>

#include "tools/rstwatch/document.h"
#include "tools/rstwatch/output.h"

namespace rstwatch::cli {

/// The schema of the documents that the functions below understand.
inline constexpr std::string_view report_schema = "rstwatch.report/1";

/// Writes a report for a person: what was read, who refuses, who fails otherwise, for whom, who scans, which alerts
/// that raised, how all attempts ended, what to doubt and what to do next. The connections are listed where the
/// document has them.
void write_report(const Document& report, Output& out, std::ostream& diagnostics);

/// Writes the rows of top.refused and top.failed, or the connections where the document has them, as CSV.
void write_report_csv(const Document& report, Output& out, std::ostream& diagnostics);

/// Writes one line of JSON for each row of top.refused.
void write_report_lines(const Document& report, Output& out, std::ostream& diagnostics);

}  // namespace rstwatch::cli
