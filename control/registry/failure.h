// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "control/registry/distinct_clients.h"
#include "control/registry/rates.h"
#include "dataplane/tally/address.h"
#include "dataplane/tally/attempt_record.h"
#include "dataplane/tally/outcome.h"

namespace rstwatch::control {

/// Somebody whom a failure concerns: of a service or host a client (port 0), of a client a service.
struct FailurePeer {
    tally::Endpoint who;
    std::uint64_t count = 0;
    std::uint64_t error = 0;  ///< the most by which `count` may be too high
};

/// Who said by ICMP that an attempt is hopeless, and why.
struct IcmpError {
    tally::IpAddress from;
    std::uint8_t type = 0;
    std::uint8_t code = 0;
    bool seen = false;  ///< else nothing of it means anything

    /// True if it says that somebody's rules forbid the connection.
    bool is_policy() const;
};

/// What goes wrong at one service (address and port), at one host (its services together) or for one client, since it
/// began. It ends when something succeeds and nothing fails for registry.recovered seconds after; a service that nobody
/// asks goes on failing. Control thread only.
struct alignas(64) Failure {
    // In the order of use: what every look-up needs lies in the first lines, which are fetched ahead (`hot_bytes`).
    tally::Endpoint key;
    bool has_example = false;
    bool answers = false;         ///< attempts failed though the server's kernel answered them
    bool scans = false;           ///< of a client: it fails because it tries what may be there
    bool since_is_exact = false;  ///< taken from an attempt, not from a verdict
    std::uint64_t error = 0;      ///< as in every bounded table: what may have been counted before the row existed
    std::uint64_t failed = 0;     ///< attempts since it began; 0: nothing fails
    tally::Time since = 0;  ///< first SYN of the first attempt that failed, or when the first established one broke
    tally::Time last = 0;   ///< last verdict
    tally::Time recovered_at = 0;  ///< first success after `last`; 0: none
    tally::Time last_began = 0;    ///< the latest of the attempts that failed
    tally::Time succeeded = 0;     ///< first success since it began; 0: none
    tally::Time succeeded_last = 0;
    std::uint64_t accepted = 0;    ///< handshakes since it began
    tally::Interval begun_in = 0;  ///< that of its first verdict
    std::vector<FailurePeer> peers;
    Rates rates;
    DistinctClients clients;     ///< that fail
    DistinctClients succeeding;  ///< that got through since it began
    std::array<std::uint32_t, tally::outcome_count> outcomes{};
    tally::AttemptRecord example;    ///< the last that ended; meaningful when has_example
    tally::Interval example_in = 0;  ///< the interval in which it did
    tally::Time idle_least = 0;      ///< of the connections that were reset after they had been idle; 0: none was
    tally::Time idle_most = 0;
    IcmpError icmp;  ///< the last that rejected an attempt

    /// As far as the outcomes that are frequent.
    static constexpr std::size_t hot_bytes = 512;

    std::uint64_t weight() const { return failed; }
    std::uint64_t worth() const { return recovered_at == 0 ? failed : 0; }

    /// True if something succeeded before the last attempt that failed had begun: it fails now and then, not
    /// altogether. What fails until it recovers does not.
    bool is_partial() const { return succeeded != 0 && succeeded < last_began; }

    /// True while it goes on at `now`: of `quiet` seconds nothing has failed, and something succeeded, ends it.
    bool is_active(tally::Time now, tally::Time quiet) const;

    /// The outcome that most of its attempts had. Among silence a router's word decides: routers limit how many ICMP
    /// errors they send (RFC 1812 section 4.3.2.8, RFC 4443 section 2.4), so most attempts may see none.
    tally::Outcome cause() const;

    /// Attempts failed with `outcome` between `first` and `until`. Begins anew if what was before is over.
    void fail(tally::Interval interval, tally::Outcome outcome, std::uint64_t count, tally::Time first,
              tally::Time until, tally::Time quiet);
    void succeed(tally::Interval interval, std::uint64_t count, tally::Time first, tally::Time until);

    /// One attempt, which fail() has counted, in detail.
    void meet(const tally::Endpoint& peer, const tally::IpAddress& distinct, tally::Time began,
              tally::Interval interval, SketchBudget& budget);

    /// An attempt that fail() has counted has come to its end, and what was seen of it is known. Of one interval the
    /// last one comes first.
    void end(const tally::AttemptRecord& record, tally::Interval interval);

    /// A verdict given in `given_in` is another one, or none.
    void withdraw(tally::Interval given_in, tally::Outcome outcome);
    void reclassify(tally::Outcome from, tally::Outcome to);

  private:
    void begin(tally::Interval interval, tally::Time first);
    void count_peer(const tally::Endpoint& peer);

    static constexpr std::size_t most_peers = 8;
};

}  // namespace rstwatch::control
