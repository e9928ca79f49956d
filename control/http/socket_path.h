// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "control/http/error.h"

namespace rstwatch::control::http {

/// Where the daemon's Unix socket is unless the configuration says otherwise: /run/rstwatch/rstwatch.sock for root,
/// else rstwatch.sock in $XDG_RUNTIME_DIR, else /tmp/rstwatch-UID/rstwatch.sock.
std::string default_socket_path();

/// Creates the directory of `socket_path` when it is missing (its own parent must exist): 0755 for root, 0700 for
/// others. A directory that belongs to neither this user nor root is an error: its owner could put another socket in
/// place of ours.
[[nodiscard]] std::optional<Error> prepare_socket_directory(const std::string& socket_path);

}  // namespace rstwatch::control::http
