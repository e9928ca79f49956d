// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/support/packet_builder.h"

namespace rstwatch::test {

/// One way to carry an IP packet in an Ethernet frame.
struct Encapsulation {
    std::string name;
    std::string tunnel;  ///< what is to be said of it; empty for a tag
    std::uint32_t id;
    std::function<void(PacketBuilder&)> add_headers;  ///< between the frame's Ethernet header and the packet
    bool ipv4 = true, ipv6 = true;                    ///< which packets it can carry
};

/// Every encapsulation that is followed, in each of its forms.
const std::vector<Encapsulation>& all_encapsulations();

}  // namespace rstwatch::test
