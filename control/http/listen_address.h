// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "control/http/error.h"

namespace rstwatch::control::http {

/// A loopback address and a TCP port to listen on.
struct ListenAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;
    std::uint16_t port = 0;  ///< 0: the kernel chooses one
};

/// Reads 127.0.0.1:8074 or [::1]:8074. Anything but a loopback address is an error: what is served has no
/// authentication of its own, so it must not be reachable from another machine.
[[nodiscard]] std::variant<ListenAddress, Error> parse_listen_address(std::string_view text);

}  // namespace rstwatch::control::http
