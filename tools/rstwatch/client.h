// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>
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

enum class Method { get, post };

/// Asks `server` for `target` (path and query, encoded) by one request without a body. Gives up 5 s after a connect,
/// 30 s after a request that are not answered, and at once when `stop` is requested, by whatever thread.
[[nodiscard]] std::variant<Reply, ClientError> ask(const ServerAddress& server, Method method,
                                                   const std::string& target, const std::stop_token& stop = {});

/// `text` as a segment of a path or the value of a query parameter.
std::string percent_encoded(const std::string& text);

}  // namespace rstwatch::cli
