// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "tools/rstwatch/client.h"
#include "tools/rstwatch/document.h"
#include "tools/rstwatch/exit_code.h"
#include "tools/rstwatch/server_address.h"

namespace rstwatch::cli {

/// A document, parsed and verbatim.
struct Fetched {
    std::string body;
    Document document;
};

/// Why there is none.
struct FetchFailure {
    ExitCode code =
        ExitCode::failure;  ///< no_daemon: none can be reached; usage: the daemon finds fault with the query
    unsigned status = 0;    ///< of HTTP; 0 without an answer
    std::string message;    ///< printable
};

/// What is asked for: a path with its query, encoded.
struct Query {
    std::string target;
    Method method = Method::get;
};

/// Asks the first of `servers` that can be reached; gives up at once when `stop` is requested.
[[nodiscard]] std::variant<Fetched, FetchFailure> try_fetch(const std::vector<ServerAddress>& servers,
                                                            const Query& query, const std::stop_token& stop = {});

/// The same, for those who tell `diagnostics` what goes wrong and end with it.
[[nodiscard]] std::variant<Fetched, ExitCode> fetch(const std::vector<ServerAddress>& servers,
                                                    const std::string& target, std::ostream& diagnostics);

/// What an answer other than 200 says.
FetchFailure refusal_of(const Reply& reply);

/// None of the addresses `tried` (printable, each with its reason) could be reached.
FetchFailure no_daemon_at(const std::string& tried);

/// Tells it, and makes the exit code.
ExitCode tell(const FetchFailure& failure, std::ostream& diagnostics);

}  // namespace rstwatch::cli
