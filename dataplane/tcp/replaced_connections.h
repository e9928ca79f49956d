// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/tcp/connection.h"

namespace rstwatch::tcp {

/// Open connections on whose four-tuple a SYN came: a few seconds tell whether the client has restarted. Few at a time;
/// when there are more than `capacity`, the oldest is settled as it stands. Owned by the core's tracker.
class ReplacedConnections {
  public:
    static constexpr std::size_t capacity = 64;

    /// Keeps a copy; `settle` is called with whoever has to give way to it.
    template <typename Settle>
    void remember(const Connection& connection, Settle&& settle) {
        Connection& place = kept_[next_];
        next_ = (next_ + 1) % capacity;
        if (place.phase != Phase::none) settle(place);
        place = connection;
    }

    /// Hands out and forgets the connections with this digest.
    template <typename Settle>
    void take(std::uint64_t digest, Settle&& settle) {
        take_if([digest](const Connection& each) { return each.digest == digest; }, settle);
    }

    template <typename Settle>
    void take_all(Settle&& settle) {
        take_if([](const Connection&) { return true; }, settle);
    }

  private:
    /// In the order in which they were kept.
    template <typename Wanted, typename Settle>
    void take_if(Wanted&& wanted, Settle&& settle) {
        for (std::size_t i = 0; i < capacity; ++i) {
            Connection& each = kept_[(next_ + i) % capacity];
            if (each.phase == Phase::none || !wanted(each)) continue;
            settle(each);
            each = Connection{};
        }
    }

    std::array<Connection, capacity> kept_{};
    std::size_t next_ = 0;
};

}  // namespace rstwatch::tcp
