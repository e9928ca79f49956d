// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>

namespace rstwatch::control::http {

/// What one client, and all of them together, may take. Everything is counted in full: there is no burst allowance.
struct Limits {
    std::size_t max_connections = 256;
    std::size_t max_per_address = 64;  ///< per IP address, or per user of the Unix socket
    std::size_t header_bytes = 16384;
    std::size_t body_bytes = 1024;                       ///< of a POST; read and ignored where nothing has a use for it
    std::chrono::milliseconds request_deadline{10'000};  ///< from the first byte (or the connect) to the last one
    std::chrono::milliseconds write_deadline{10'000};    ///< for one whole response, or one piece of a stream
    std::chrono::milliseconds idle_deadline{60'000};     ///< between two requests
    std::chrono::milliseconds heartbeat{15'000};         ///< after which a silent stream shows that it lives
};

}  // namespace rstwatch::control::http
