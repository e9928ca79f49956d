// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <cstdint>

#include "dataplane/tally/address.h"
#include "dataplane/tally/time.h"

namespace rstwatch::control {

struct AddressHash {
    std::size_t operator()(const tally::IpAddress& address) const {
        constexpr std::uint64_t a = 0x9e3779b97f4a7c15, b = 0xe7037ed1a0b428db;  // odd, no further meaning
        return tally::mix(address.first_half() ^ a, address.second_half() ^ b);
    }
};

struct Attempt {
    tally::Endpoint client;
    tally::Endpoint server;

    auto operator<=>(const Attempt&) const = default;
};

struct AttemptHash {
    using is_avalanching = void;  // each bit depends on all: Boost need not mix it again

    std::size_t operator()(const Attempt& attempt) const {
        const std::uint64_t ports = std::uint64_t{attempt.client.port} << 16 | attempt.server.port;
        const AddressHash hash;
        return tally::mix(hash(attempt.client.address) ^ ports, ~hash(attempt.server.address));
    }
};

/// What control has decided of single attempts, until their revision or record comes. Bounded: what has been waiting
/// for long has lost its record and gives way; beyond that nothing is added, and counted. Control thread only.
template <typename T>
class AttemptMap {
  public:
    explicit AttemptMap(std::size_t capacity) : capacity_(capacity) {}

    bool empty() const { return entries_.empty(); }
    std::size_t size() const { return entries_.size(); }
    std::uint64_t overflowed() const { return overflowed_; }

    T* find(const Attempt& attempt) {
        if (entries_.empty()) return nullptr;
        const auto found = entries_.find(attempt);
        return found == entries_.end() ? nullptr : &found->second.value;
    }

    /// False if there is no room.
    bool put(const Attempt& attempt, const T& value, tally::Interval now) {
        if (entries_.size() >= capacity_ && now >= next_cleaning_) {
            next_cleaning_ = now + patience / 10;
            erase_if(entries_, [&](const auto& each) { return each.second.since + patience < now; });
        }
        if (entries_.size() >= capacity_ && !entries_.contains(attempt)) {
            ++overflowed_;
            return false;
        }
        entries_.insert_or_assign(attempt, Entry{value, now});
        return true;
    }

    /// False if there was nothing.
    bool erase(const Attempt& attempt) { return !entries_.empty() && entries_.erase(attempt) > 0; }

  private:
    static constexpr tally::Interval patience = 600;  // no record comes later than deadlines allow: 200 s each

    struct Entry {
        T value;
        tally::Interval since;
    };

    std::size_t capacity_;
    // Each interval puts and erases thousands: with nodes, allocated one by one, a replay took a quarter longer.
    boost::unordered_flat_map<Attempt, Entry, AttemptHash> entries_;
    std::uint64_t overflowed_ = 0;
    tally::Interval next_cleaning_ = 0;
};

}  // namespace rstwatch::control
