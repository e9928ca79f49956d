// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "config/settings.h"
#include "control/classify/attempt_map.h"
#include "control/merge/merged_interval.h"
#include "control/registry/failure.h"
#include "control/registry/look_ahead.h"
#include "dataplane/tally/space_saving.h"

namespace rstwatch::control {

class Scanners;

/// What fails now, and since when: services, hosts (as servers) and clients. Scanners' attempts are no failures of
/// those whom they try. Each table is bounded; who has failed least, or has recovered, gives way, counted. Control
/// thread only.
class FailureBook {
  public:
    using Table = tally::SpaceSavingTable<Failure>;

    explicit FailureBook(const config::Settings::Registry& settings);

    /// Other times, from the next interval on; capacities stay.
    void set(const config::Settings::Registry& settings);

    /// To be called once per interval, when the classifier has judged it.
    void follow(const MergedInterval& interval, const Scanners& scanners);

    /// Takes up a failure of a service that had begun before a restart.
    void resume(const tally::Endpoint& server, tally::Outcome cause, std::uint64_t failed, tally::Time since,
                tally::Time last, tally::Time recovered_at);

    /// Null where nothing has failed since it is remembered. What it points at is valid until the next follow().
    const Failure* of_service(const tally::Endpoint& server) const;
    /// Of outcomes that are failures only where they come in masses: null unless they do, in the last minute.
    const Failure* in_mass(const tally::Endpoint& server) const;
    /// The one of both that says why the service fails now: whichever failed more often in the last minute.
    const Failure* why_fails(const tally::Endpoint& server) const;
    const Failure* of_host(const tally::IpAddress& host) const;
    const Failure* of_client(const tally::IpAddress& client) const;

    /// Calls `visit` with every service that failed in `since` or later, in the order of the table, and perhaps with
    /// some that it was taken back of. Most of those that are remembered did not: they are not looked at.
    template <typename Visit>
    void for_each_failing(tally::Interval since, Visit&& visit) const {
        for_each(services_, service_failed_in_, since, visit);
    }
    /// Likewise of what is a failure in masses only.
    template <typename Visit>
    void for_each_suspect(tally::Interval since, Visit&& visit) const {
        for_each(suspects_, suspect_failed_in_, since, visit);
    }

    const Table& services() const { return services_; }
    const Table& suspects() const { return suspects_; }
    /// Whether one of `suspects()` fails: twenty times in the last minute, and more often than not.
    bool is_mass(const Failure& suspect) const;
    const Table& hosts() const { return hosts_; }
    const Table& clients() const { return clients_; }

    /// How many services of the host fail now; and in the name of how many hosts a device rejects now. Counted once per
    /// interval, when first asked for, however many alerts ask.
    std::uint64_t failing_services(const tally::IpAddress& host) const;
    std::uint64_t hosts_rejected_by_devices() const;

    bool is_active(const Failure& failure) const { return failure.is_active(now_, quiet_); }

    /// Of the `span` (in seconds) that ends now, the part in which there was anything to follow.
    std::uint64_t watched(std::uint64_t span) const {
        return std::min(span, interval_ + 1 - first_interval_.value_or(interval_));
    }

    /// The last interval that was followed.
    tally::Interval interval() const { return interval_; }

  private:
    struct Neighbours {
        std::unordered_map<tally::IpAddress, std::uint64_t, AddressHash> failing_services;  // by host
        std::uint64_t hosts_rejected_by_devices;
    };
    /// Whom one attempt concerns, as far as they are remembered. Valid until the next row is made.
    struct Concerned {
        Failure* service = nullptr;
        Failure* host = nullptr;
        Failure* client = nullptr;
    };
    using LastFailures = std::vector<tally::Interval>;  // by place in a table: the last interval in which one failed

    template <typename Visit>
    static void for_each(const Table& table, const LastFailures& failed_in, tally::Interval since, Visit&& visit) {
        std::vector<std::uint32_t> places;
        for (std::uint32_t place = 0; place < table.size(); ++place)
            if (failed_in[place] >= since) places.push_back(place);
        visit_ahead(table.rows(), places, visit);
    }
    void fail(Table& table, LastFailures& failed_in, const tally::Endpoint& service, tally::Outcome outcome,
              std::uint64_t count, tally::Time first, tally::Time last);
    const Neighbours& neighbours() const;
    void take_rows(const MergedInterval& interval, const Scanners& scanners);
    void take_row(const tally::Row& row);
    void take_success(const tally::Row& row);
    void take_sightings(const std::vector<tally::Sighting>& sightings, const Scanners& scanners);
    void take_contacts(const std::vector<tally::Sighting>& contacts);
    void take_sighting(const tally::Sighting& sighting, const Concerned& concerned, const Scanners& scanners);
    static void note_evidence(const Concerned& concerned, const tally::Sighting& sighting);
    void take_contact(const tally::Sighting& contact, const Concerned& concerned);
    void take_revision(const tally::Revision& revision, const Scanners& scanners);
    void take_record(const tally::AttemptRecord& record, const Scanners& scanners);
    void meet(const Concerned& concerned, const tally::Endpoint& server, const tally::IpAddress& client,
              tally::Time began);
    Concerned find_concerned(const tally::Endpoint& server, const tally::IpAddress& client);
    Concerned find_concerned(const tally::Sighting& sighting, DistinctClients Failure::*distinct);
    template <typename Entry, typename Fetch>
    void fetch_concerned(const Entry& entry, Fetch fetch) const;
    template <typename Entry, typename Fetch>
    void fetch_failing(const Entry& entry, tally::Outcome outcome, Fetch fetch) const;

    SketchBudget sketches_;  // before the tables, whose rows give sketches back
    Table services_;
    Table suspects_;  // services with what is a failure in masses only
    LastFailures service_failed_in_;
    LastFailures suspect_failed_in_;
    Table hosts_;
    Table clients_;
    tally::Time quiet_ = 0;
    tally::Time now_ = 0;
    tally::Interval interval_ = 0;
    std::optional<tally::Interval> first_interval_;
    mutable std::optional<Neighbours> neighbours_;  // of this interval
};

}  // namespace rstwatch::control
