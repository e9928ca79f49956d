// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tally/address.h"

#include <arpa/inet.h>

namespace rstwatch::tally {

std::string to_string(const IpAddress& address) {
    char text[INET6_ADDRSTRLEN];
    const bool v4 = address.is_v4();
    inet_ntop(v4 ? AF_INET : AF_INET6, address.bytes.data() + (v4 ? 12 : 0), text, sizeof text);
    return text;
}

std::string to_string(const Endpoint& endpoint) {
    const std::string address = to_string(endpoint.address);
    const std::string port = std::to_string(endpoint.port);
    return endpoint.address.is_v4() ? address + ":" + port : "[" + address + "]:" + port;
}

}  // namespace rstwatch::tally
