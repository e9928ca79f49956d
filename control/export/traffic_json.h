// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <limits>
#include <vector>

#include "control/export/json_values.h"
#include "control/knowledge.h"

namespace rstwatch::control {

/// What the registry knows of a service, of a client, or of all services of a host together.
class Traffic {
  public:
    /// `error` is the most by which the counts of the row can be short.
    void add(const RegistryRow& row, std::uint64_t error, tally::Interval now);

    /// Everything but who it is: outcomes, handshakes, the failure that goes on, rates. `failure` may be null; `peers`
    /// is the name of the list of those whom it concerns: "top_clients" or "top_servers".
    Json json(const Knowledge& knowledge, const tally::IpAddress& address, const Failure* failure,
              const char* peers) const;

  private:
    Json rates_json(const FailureBook& book, const Failure* failure) const;
    Json handshake_json() const;

    std::array<std::uint64_t, tally::outcome_count> outcomes_{};
    std::uint64_t verdicts_ = 0;
    std::uint64_t error_ = 0;
    std::uint64_t failed_ = 0;
    Occurrences accepted_;
    Occurrences overflows_;
    std::array<std::uint64_t, rate_spans.size()> recently_accepted_{};
    std::vector<std::uint32_t> handshakes_;  // in microseconds
    tally::Time first_seen_ = std::numeric_limits<tally::Time>::max();
    tally::Time last_response_ = 0;
};

}  // namespace rstwatch::control
