// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rstwatch::cli {

/// Where a daemon answers: a Unix socket, or a host and a port.
struct ServerAddress {
    std::string socket;  ///< path; empty: TCP
    std::string host;    ///< name or address, without brackets
    std::string port;
    std::string text;  ///< as the operator writes it
};

/// Reads http://HOST[:PORT] or unix:PATH; nothing when it is neither.
std::optional<ServerAddress> parse_server_address(std::string_view text);

/// Where a daemon is by default, in the order to try: the sockets that exist (that of the system's daemon, then this
/// user's own), then http://127.0.0.1:8074.
std::vector<ServerAddress> default_server_addresses();

/// Every path that a daemon started by root or by this user chooses for its socket.
std::vector<std::string> default_socket_paths();

}  // namespace rstwatch::cli
