// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "dataplane/tally/address.h"
#include "dataplane/tally/time.h"

namespace rstwatch::control {

/// How far away each server address answers from: up to four hop distances, since VIPs and equal-cost paths have
/// several. A server with more is told by none. What was learnt stays as it was for the past, so that a question about
/// an interval gets the same answer whenever it is asked; a distance that was not seen for an hour is no longer known.
/// Bounded: servers beyond the capacity are not learnt, and counted. Control thread only.
class HopBaselines {
  public:
    explicit HopBaselines(std::size_t servers);

    /// `server` itself was seen at `hops` in `interval`. Intervals come in ascending order; within one, order does not
    /// matter.
    void learn(const tally::IpAddress& server, std::uint8_t hops, tally::Interval interval);

    /// True if something at `hops` was not the server, by what was known in `interval`.
    bool is_elsewhere(const tally::IpAddress& server, std::uint8_t hops, tally::Interval interval) const;

    /// True if `hops` was learnt of `server` in `interval` or not long before; false says nothing. Cheap.
    bool is_familiar(const tally::IpAddress& server, std::uint8_t hops, tally::Interval interval) const;

    /// The distances that are known of `server` now, at most four; none if there were more.
    std::vector<std::uint8_t> distances(const tally::IpAddress& server) const;

    bool empty() const { return servers_.empty(); }
    std::size_t size() const { return servers_.size(); }
    std::size_t capacity() const { return capacity_; }
    std::uint64_t overflowed() const { return overflowed_; }

  private:
    struct Distance {
        tally::Interval since = 0;
        std::uint64_t last_period = 0;  ///< the last in which it was seen
        std::uint8_t hops = 0;
    };
    struct Server {
        tally::IpAddress address;
        std::array<Distance, 6> distances{};  // at most four in use; more, so that the past of others can be asked for
        std::uint8_t count = 0;
        tally::Interval many_since = std::numeric_limits<tally::Interval>::max();
    };

    std::size_t slot_of(const tally::IpAddress& server) const;
    void learn_of(Server& server, std::uint8_t hops, tally::Interval interval);
    void forget_unused(std::uint64_t period);

    std::size_t capacity_;
    std::vector<Server> servers_;
    std::vector<std::uint32_t> index_;     // open addressing: place in servers_ plus 1; 0: empty
    std::vector<std::uint64_t> familiar_;  // marks of what was learnt in this period; a cache, nothing depends on it
    std::uint64_t cleaned_ = 0;            // the period in which unused servers were last thrown out
    std::uint64_t overflowed_ = 0;
};

}  // namespace rstwatch::control
