// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace rstwatch::config {

/// Where something is sent to: a name or an address (without brackets), and a port.
struct Target {
    std::string host;
    std::string port;
    std::string path;  ///< of http: begins with a slash; of a Unix socket: its path, and no host

    /// As it stands in a Host header: brackets around IPv6.
    std::string authority() const;
};

/// Reads http://HOST[:PORT][/PATH]; what is wrong with it instead, as in "... has no host".
std::variant<Target, std::string> parse_http_url(std::string_view text);

/// Reads "local" (/dev/log), unix:PATH or udp://HOST[:PORT]; likewise.
std::variant<Target, std::string> parse_syslog_target(std::string_view text);

}  // namespace rstwatch::config
