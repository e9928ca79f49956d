// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <string>
#include <variant>
#include <vector>

#include "tools/rstwatch/document.h"
#include "tools/rstwatch/exit_code.h"
#include "tools/rstwatch/server_address.h"

namespace rstwatch::cli {

/// A document, parsed and verbatim.
struct Fetched {
    std::string body;
    Document document;
};

/// Asks the first of `servers` that can be reached. What goes wrong is told on `diagnostics` and makes the exit code:
/// no_daemon when none can be reached, usage when the daemon finds fault with what was asked, else failure.
[[nodiscard]] std::variant<Fetched, ExitCode> fetch(const std::vector<ServerAddress>& servers,
                                                    const std::string& target, std::ostream& diagnostics);

}  // namespace rstwatch::cli
