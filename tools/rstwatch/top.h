// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "tools/rstwatch/document.h"
#include "tools/rstwatch/exit_code.h"
#include "tools/rstwatch/output.h"
#include "tools/rstwatch/server_address.h"

namespace rstwatch::cli {

struct TopOptions {
    std::string by = "destination";  ///< destination, client or service
    std::string outcome = "refused";
    std::string window;                ///< empty: what the daemon takes, the last minute, or a whole replay
    std::string from;                  ///< of a range in the past, instead of a window; as in time_range.h
    std::string to;                    ///< likewise
    std::optional<std::int64_t> rows;  ///< none: 10, or as many as fit in the live view
    bool once = false;
    bool resolve = false;  ///< show names instead of addresses where there are some
};

/// The longest list that the daemon serves.
inline constexpr std::int64_t most_top_rows = 1000;

/// Shows the top list: once, or on a terminal in table format over all of it, until the operator leaves.
ExitCode top(const TopOptions& options, const std::vector<ServerAddress>& servers, Format format, Output& out,
             std::ostream& diagnostics);

/// Writes the rows of a /top document as table, jsonl or csv; an empty list puts its reason on `diagnostics`. Only the
/// table has names.
void write_top(const Document& document, Format format, bool resolve, Output& out, std::ostream& diagnostics);

}  // namespace rstwatch::cli
