// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "dataplane/identify/signature_set.h"

namespace rstwatch::identify::test {

/// First payloads of a connection, made by hand from the specification that the signature names; empty: says nothing.
struct Example {
    std::string name;  ///< of the signature that it is to be found by
    std::string client;
    std::string server;
};

inline Payload payload_of(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// At least one for each signature that is shipped.
std::vector<Example> examples();

/// A ClientHello with a server name and protocols, whichever are not empty.
std::string client_hello(const std::string& server_name, const std::vector<std::string>& protocols);
std::string server_hello();

}  // namespace rstwatch::identify::test
