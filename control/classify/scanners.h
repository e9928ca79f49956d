// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "control/classify/outcome_overlay.h"
#include "control/merge/merged_interval.h"
#include "control/registry/registry.h"
#include "dataplane/tally/space_saving.h"

namespace rstwatch::control {

/// What is known of a client that has failed somewhere.
struct ScannerRow {
    tally::IpAddress key;
    std::uint64_t error = 0;

    /// A service with which the client tore down handshakes as a half-open scan does, and how often.
    struct TornDown {
        tally::Endpoint service;
        std::uint64_t count = 0;
        std::vector<tally::Revision> moves;  ///< of the first of them, for the window; bounded
    };

    bool by_contacts = false;                ///< its first contacts fail as only a scanner's do
    bool half_open = false;                  ///< it tore down handshakes at three or more services
    bool persists = false;                   ///< a monitor all the same: it goes on asking for the same services
    std::vector<tally::Endpoint> failed_at;  ///< services whose first contact failed, while undecided; bounded
    std::vector<TornDown> torn_down;         ///< while undecided; at most two services
    std::vector<tally::Endpoint> asked;      ///< services that convicted it, until it persists; bounded
    std::uint64_t asked_again = 0;           ///< attempts at these since `asked_since`
    tally::Time asked_since = 0;
    std::uint64_t failed = 0;  ///< attempts that make a scanner suspect
    tally::Time first = 0;
    tally::Time last = 0;

    bool is_scanner() const { return (by_contacts || half_open) && !persists; }
    std::uint64_t weight() const { return failed; }
    std::uint64_t worth() const { return failed; }
};

/// Who scans, judged over all cores' records in the order of time, because RSS spreads one client's attempts over all
/// cores. Only failures are looked at one by one; what went well is credited from the registry. Control thread only.
class Scanners {
  public:
    explicit Scanners(std::size_t clients) : clients_(clients) {}

    /// `registry` has counted the interval already; what is changed here joins the interval's revisions.
    void add(MergedInterval& interval, Registry& registry, OutcomeOverlay& overlay);

    /// Null for a client that never failed. Valid until the next interval is added.
    const ScannerRow* find(const tally::IpAddress& client) const;

    /// True for a client that scans, however that was found out.
    bool is_scanner(const tally::IpAddress& client) const;

    /// True for a client whose torn-down handshakes count as `half_open_scan`, whatever their SYNs looked like.
    bool is_half_open_scanner(const tally::IpAddress& client) const;

    std::vector<const ScannerRow*> scanners() const;

  private:
    void judge_contacts(const std::vector<tally::Sighting>& sightings, const Registry& registry);
    void judge_contact(ScannerRow& row, const tally::Sighting& contact, const Registry& registry);
    static void judge_persistence(ScannerRow& row, const tally::Endpoint& server, tally::Time now);
    ScannerRow& count(const tally::IpAddress& client, tally::Time when);
    void take_back(const tally::Revision& revision);
    void judge_teardown(ScannerRow& row, const tally::AttemptRecord& record, MergedInterval& interval,
                        Registry& registry, OutcomeOverlay& overlay);

    tally::SpaceSavingTable<ScannerRow> clients_;
    bool convicted_ = false;  // somebody, some time
};

}  // namespace rstwatch::control
