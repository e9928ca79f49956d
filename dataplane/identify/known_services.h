// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataplane/tally/address.h"
#include "dataplane/tally/identification.h"
#include "dataplane/tally/time.h"

namespace rstwatch::identify {

/// Which services need no further look, because this core has identified them or given them up in their present period.
/// A set is one cache line. Fixed memory; owned by one core.
class KnownServices {
  public:
    struct Setup {
        std::size_t services;  ///< rounded up to a power of two
        tally::Time period;    ///< after which a service is identified again
        unsigned most_tries;   ///< payloads that say nothing new, until a service is given up; 0: never. At most 511
        std::uint64_t secret = 0;  ///< without it nobody can make two services be taken for one
    };

    explicit KnownServices(const Setup& setup);

    /// True unless the server itself has shown what it is. What comes in the same microsecond is still wanted: which of
    /// the two was first is for control to say, or it would depend on how connections are spread over cores.
    bool wants_payload(const tally::Endpoint& server, tally::Time time) const {
        const Entry* entry = find(server, time);
        return entry == nullptr || entry->time == (time & time_mask) ||
               !((entry->facts & fact_of(tally::HeardFrom::server)) || entry->tries >= most_tries_);
    }
    /// True unless a RST has said something before.
    bool wants_words(const tally::Endpoint& server, tally::Time time) const {
        const Entry* entry = find(server, time);
        return entry == nullptr || entry->time == (time & time_mask) ||
               !(entry->facts & fact_of(tally::HeardFrom::reset));
    }

    /// True if that is more than was known before this microsecond.
    bool learn(const tally::Endpoint& server, tally::HeardFrom from, tally::Time time);

    /// A payload that said nothing new.
    void note_try(const tally::Endpoint& server, tally::Time time);

    /// Services that gave way to others while they were known.
    std::uint64_t forgotten() const { return forgotten_; }

  private:
    struct Entry {
        std::uint64_t tag = 0;        ///< 0: empty
        std::uint64_t time : 52 = 0;  ///< when it was learnt last: good until the year 2112
        std::uint64_t facts : 3 = 0;  ///< who has been heard, a bit each
        std::uint64_t tries : 9 = 0;  ///< payloads that said nothing new
    };
    static constexpr std::uint64_t time_mask = (std::uint64_t{1} << 52) - 1;
    static constexpr unsigned tries_limit = (1u << 9) - 1;
    static constexpr std::size_t ways = 4;
    struct alignas(64) Set {
        std::array<Entry, ways> entries;
    };

    static constexpr std::uint64_t fact_of(tally::HeardFrom from) {
        return std::uint64_t{1} << static_cast<unsigned>(from);
    }
    std::uint64_t tag_of(const tally::Endpoint& server) const {
        return tally::mix(server.address.first_half() ^ secret_ ^ 0x8bb84b93962eacc9U,
                          server.address.second_half() ^ server.port * 0x4b33a62ed433d4a3U ^ secret_) |
               1;
    }
    bool is_of_this_period(const Entry& entry, const tally::Endpoint& server, tally::Time time) const {
        return tally::identification_period(server, entry.time, period_) ==
               tally::identification_period(server, time & time_mask, period_);
    }
    const Entry* find(const tally::Endpoint& server, tally::Time time) const {
        const std::uint64_t tag = tag_of(server);
        for (const Entry& entry : sets_[tag >> 1 & mask_].entries)
            if (entry.tag == tag) return is_of_this_period(entry, server, time) ? &entry : nullptr;
        return nullptr;
    }
    Entry& at(const tally::Endpoint& server, tally::Time time);

    std::vector<Set> sets_;
    std::uint64_t mask_;
    std::uint64_t secret_;
    tally::Time period_;
    unsigned most_tries_;
    std::uint64_t forgotten_ = 0;
};

}  // namespace rstwatch::identify
