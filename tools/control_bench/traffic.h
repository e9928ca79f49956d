// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/tally/core_tally.h"

namespace rstwatch::bench {

/// What the made-up network is like.
struct TrafficOptions {
    std::uint32_t services = 200'000;
    std::uint32_t clients = 1'000'000;
    std::uint32_t failing_percent = 5;  ///< of services: they refuse everybody
};

/// Plays two cores: books attempts into real banks as a core would, and hands them over. The second core has no room
/// in its lists, so that of what it counts there are rows alone, as in a flood.
class Traffic {
  public:
    Traffic(const TrafficOptions& options, tally::BankExchange& attentive, tally::BankExchange& flooded)
        : options_(options), attentive_(attentive, tally::WhenFull::wait), flooded_(flooded, tally::WhenFull::lose) {}

    /// One second in which `attempts` connections are made and end: services in turn, clients at random.
    void second_of(tally::Interval interval, std::uint32_t attempts);

    /// One second of `attempts`, services and clients in turn, of which there are rows alone.
    void flooded_second_of(tally::Interval interval, std::uint32_t attempts);

    void finish() {
        attentive_.finish();
        flooded_.finish();
    }

    tally::Endpoint service(std::uint32_t number) const;
    tally::Endpoint client(std::uint32_t number, std::uint16_t port) const;

  private:
    void open(tally::Interval interval);
    void attempt(tally::CoreTally& core, std::uint32_t service, std::uint32_t client, tally::Time time);
    std::uint32_t below(std::uint32_t limit);

    TrafficOptions options_;
    tally::CoreTally attentive_, flooded_;
    std::uint32_t next_service_ = 0;
    std::uint32_t next_client_ = 0;
    std::uint64_t state_ = 88172645463325252ULL;
};

}  // namespace rstwatch::bench
