// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

#include "tools/rstwatch/document.h"
#include "tools/rstwatch/exit_code.h"
#include "tools/rstwatch/output.h"
#include "tools/rstwatch/server_address.h"

namespace rstwatch::cli {

struct HistoryOptions {
    std::string last;     ///< empty: an hour
    std::string from;     ///< as in time_range.h
    std::string to;       ///< likewise
    std::string step;     ///< seconds; empty: what suits the range
    std::string service;  ///< ADDRESS:PORT
    std::string host;     ///< ADDRESS
    bool outgoing = false;
};

/// Shows rates over time.
ExitCode history(const HistoryOptions& options, const std::vector<ServerAddress>& servers, Format format, Output& out,
                 std::ostream& diagnostics);

/// Writes a /history document as table, jsonl or csv, the table with lines of at most `columns` characters in Unicode
/// or ASCII. Why there is nothing to see is said on `diagnostics`.
void write_history(const Document& document, Format format, std::size_t columns, bool unicode, Output& out,
                   std::ostream& diagnostics);

}  // namespace rstwatch::cli
