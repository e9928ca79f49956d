// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <variant>

#include "tools/rstwatch/server_address.h"

namespace rstwatch::cli {

struct Reply {
    unsigned status = 0;
    std::string content_type;
    std::string body;
};

struct ClientError {
    bool unreachable = false;  ///< nobody is there; else somebody is, but does not answer as a daemon does
    std::string message;       ///< of the system, without the address
};

/// Asks `server` for `target` (path and query, encoded) by one GET. Gives up 5 s after a connect, 30 s after a request
/// that are not answered.
[[nodiscard]] std::variant<Reply, ClientError> get(const ServerAddress& server, const std::string& target);

/// `text` as the value of a query parameter.
std::string percent_encoded(const std::string& text);

}  // namespace rstwatch::cli
