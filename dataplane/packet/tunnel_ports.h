// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/tally/tunnel.h"

namespace rstwatch::packet {

/// The UDP ports behind which tunnels are looked for.
class TunnelPorts {
  public:
    static constexpr std::size_t capacity = 64;

    /// Those that IANA has assigned, and 8472, which Linux used for VXLAN before there was a number.
    static TunnelPorts standard();

    /// False: there is no room for another one.
    bool add(std::uint16_t port, tally::Tunnel tunnel);

    /// Answers come from the port that requests went to, so either may be it. A datagram of any other port is let go
    /// after two bits, one for each of its ports, of 64.
    tally::Tunnel of(std::uint16_t source, std::uint16_t destination) const {
        if (((sieve_ >> (source & 63) | sieve_ >> (destination & 63)) & 1) == 0) return tally::Tunnel::none;
        return find(source, destination);
    }

  private:
    struct Entry {
        std::uint16_t port;
        tally::Tunnel tunnel;
    };

    tally::Tunnel find(std::uint16_t source, std::uint16_t destination) const;

    std::uint64_t sieve_ = 0;  // bit i: a port that is i mod 64
    std::size_t count_ = 0;
    std::array<Entry, capacity> entries_{};
};

}  // namespace rstwatch::packet
