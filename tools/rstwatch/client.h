// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
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

/// How an endless answer came to its end.
struct StreamEnd {
    enum class Kind {
        unreachable,  ///< nobody is there
        refused,      ///< `reply` says why
        ended,        ///< after it had begun, or the answer was none of HTTP
        stopped,      ///< the caller has had enough
    };
    Kind kind = Kind::unreachable;
    Reply reply{};
    std::string message{};  ///< for people, without the address
};

/// Both return false to end the stream.
using StreamBegin = std::function<bool()>;
using StreamTake = std::function<bool(std::string_view bytes)>;

/// Asks `server` for `target` and hands over what comes until it ends: `begin` once the answer is 200, `take` for every
/// piece of content. Gives up where nothing comes for 45 s, three times the pause between a daemon's heartbeats.
[[nodiscard]] StreamEnd stream(const ServerAddress& server, const std::string& target, const StreamBegin& begin,
                               const StreamTake& take);

/// `text` as a segment of a path or the value of a query parameter.
std::string percent_encoded(const std::string& text);

}  // namespace rstwatch::cli
