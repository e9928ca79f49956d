// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "dataplane/tally/address.h"
#include "dataplane/tally/time.h"

namespace rstwatch::control {

/// When a client last completed a handshake with a destination. Fixed memory, a set of four per hash: of more the one
/// that is longest ago is forgotten. Two pairs are taken for one with probability 2^-64. Control thread only.
class HandshakeMemory {
  public:
    explicit HandshakeMemory(std::size_t sets);

    void remember(const tally::IpAddress& client, const tally::Endpoint& server, tally::Time time);
    std::optional<tally::Time> last(const tally::IpAddress& client, const tally::Endpoint& server) const;

    /// Brings what a later remember() needs into the cache.
    void prefetch(const tally::IpAddress& client, const tally::Endpoint& server) const;

  private:
    static constexpr std::size_t ways = 4;

    struct Handshake {
        std::uint64_t who = 0;  // hash of client and destination; 0: none
        tally::Time time = 0;
    };

    std::size_t set_of(std::uint64_t who) const { return (who & (handshakes_.size() / ways - 1)) * ways; }

    std::vector<Handshake> handshakes_;
};

}  // namespace rstwatch::control
