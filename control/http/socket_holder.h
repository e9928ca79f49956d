// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/http/listen_address.h"

namespace rstwatch::control::http {

/// A process that holds a listening socket.
struct Holder {
    pid_t pid = 0;
    std::string command;  ///< its name as the kernel has it, control characters replaced; empty when it is gone
};

/// Who listens where `address` would: found by way of /proc. Nothing when no such socket exists, or when its process
/// belongs to another user, whose descriptors only root may read.
std::optional<Holder> find_tcp_holder(const ListenAddress& address);

/// Who listens at the other end of a connected Unix socket.
std::optional<Holder> find_unix_holder(int connected_socket);

/// Reads a table in the format of /proc/net/tcp or tcp6: the inodes of the sockets that listen on `port` at one of
/// `addresses`, written in hexadecimal as there.
std::vector<std::uint64_t> listening_inodes(std::istream& table, const std::vector<std::string>& addresses,
                                            std::uint16_t port);

}  // namespace rstwatch::control::http
