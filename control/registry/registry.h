// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/container/small_vector.hpp>
#include <functional>

#include "config/settings.h"
#include "control/classify/span_watch.h"
#include "control/merge/merged_interval.h"
#include "control/registry/distinct_clients.h"
#include "control/registry/handshake_times.h"
#include "control/registry/rates.h"
#include "control/registry/row_marks.h"
#include "dataplane/tally/space_saving.h"

namespace rstwatch::control {

/// How often something stands, and the first and the last time that it was said, also of what was withdrawn since: so
/// that the order in which verdicts and revisions arrive does not matter.
struct Occurrences {
    std::uint64_t count = 0;
    tally::Time first = 0;
    tally::Time last = 0;
    bool said = false;  ///< first and last mean something

    void add(std::uint64_t more, tally::Time from, tally::Time until);
};

/// One outcome at one destination or client.
struct OutcomeCount {
    tally::Outcome outcome;
    Occurrences seen;
};

/// The outcomes that occurred: mostly one or two, which lie in the row itself, where a look-up finds them in the cache.
using OutcomeCounts = boost::container::small_vector<OutcomeCount, 2>;

/// What is kept of a destination that accepts connections, or of a client whose connections are accepted, besides how
/// many there were. Most of those that scanners leave behind never do, so it is no part of the row.
struct Acceptance {
    RecentCount recent;
    HandshakeTimes handshakes;
};

/// What is known of a destination (address and port) or a client (address, port 0).
struct RegistryRow {
    tally::Endpoint key;
    std::uint64_t error = 0;  ///< the most that this table may have counted before the row existed
    OutcomeCounts outcomes;
    Occurrences accepted;                    ///< completed handshakes
    bool heard = false;                      ///< a packet of the destination itself was seen
    tally::Time last_response = 0;           ///< end of the last connection in which the server sent data; 0: none
    std::unique_ptr<Acceptance> acceptance;  ///< null: nothing was accepted since the start
    DistinctClients refused_clients;
    DistinctClients failed_clients;

    Occurrences& at(tally::Outcome outcome);
    void accept(tally::Interval interval, std::uint64_t count, tally::Time first, tally::Time last);
    std::uint64_t count(tally::Outcome outcome) const;
    std::uint64_t weight() const;
    /// The first thing that was said of it.
    tally::Time first_seen() const;
    /// A destination is worth keeping for what it accepted, too: who never accepted anybody is judged by it.
    std::uint64_t worth() const { return weight() + accepted.count; }
};

/// All destinations and clients since the start, in bounded memory. Control thread only.
class Registry {
  public:
    using Table = tally::SpaceSavingTable<RegistryRow>;

    explicit Registry(const config::Settings::Registry& settings);

    void add(const MergedInterval& interval) {
        add_rows(interval);
        add_changes(interval);
    }
    /// What was counted in the interval; `add_changes` then applies its revisions and records. `pause` is called from
    /// time to time, where others may look at what there is so far.
    void add_rows(const MergedInterval& interval, const std::function<void()>& pause = {});
    void add_changes(const MergedInterval& interval);

    /// `count` attempts of this destination and client turn out to be another outcome.
    void reclassify(const tally::Endpoint& server, const tally::IpAddress& client, tally::Outcome from,
                    tally::Outcome to, std::uint64_t count, tally::Time time);

    /// Null if it is not remembered. Valid until the next interval is added.
    const RegistryRow* destination(const tally::Endpoint& server) const;
    const RegistryRow* client(const tally::IpAddress& client) const;

    /// Takes up what was known of a destination before a restart.
    void resume(const tally::Endpoint& server, std::uint64_t accepted, tally::Time first, tally::Time last, bool heard,
                tally::Time last_response);

    /// True if the destination has ever completed a handshake with anybody.
    bool has_accepted(const tally::Endpoint& server) const;

    /// When it last did; 0 if never, or if no packet of its own was ever seen.
    tally::Time last_accepted(const tally::Endpoint& server) const;

    /// Destinations that have accepted connections without a packet of them being seen.
    UnheardDestinations unheard() const;

    /// Connections of this client that came about, as far as they have ended.
    std::uint64_t successes_of(const tally::IpAddress& client) const;

    const Table& destinations() const { return destinations_; }
    const Table& clients() const { return clients_; }
    /// Rows with an outcome that is a failure, now or at some time.
    const RowMarks& failing_destinations() const { return failing_destinations_; }
    const RowMarks& failing_clients() const { return failing_clients_; }
    /// Destinations that have changed since whoever keeps them has cleared their marks.
    RowMarks& changed_destinations() { return changed_; }
    std::size_t place_of(const RegistryRow& destination) const {
        return static_cast<std::size_t>(&destination - destinations_.rows().data());
    }
    std::uint64_t destinations_other() const { return destinations_other_ + destinations_.other(); }
    std::uint64_t clients_other() const { return clients_other_ + clients_.other(); }
    std::uint64_t destinations_overflowed() const { return destinations_overflowed_ + destinations_.overflowed(); }
    std::uint64_t clients_overflowed() const { return clients_overflowed_ + clients_.overflowed(); }

    /// The most by which the count of a row can be short: what it may have been counted for before it existed, here or
    /// in the cores' banks.
    std::uint64_t destination_error(const RegistryRow& row) const { return row.error + destinations_missed_; }
    std::uint64_t client_error(const RegistryRow& row) const { return row.error + clients_missed_; }

  private:
    void add_destination(const tally::Row& row, tally::Interval interval);
    void add_client(const tally::Row& row, tally::Interval interval);
    template <typename Add>
    void add_rows(Table& table, const std::vector<tally::Row>& rows, const std::function<void()>& pause, Add add);
    bool move(Table& table, RowMarks& failing, const tally::Endpoint& key, tally::Outcome from,
              std::optional<tally::Outcome> to, std::uint64_t count, tally::Time time);
    void revise(const tally::Revision& revision);
    void revise_client(const tally::Revision& revision);
    void add_handshake(const tally::Sighting& contact, tally::Interval interval);
    void add_record(const tally::AttemptRecord& record, RegistryRow* destination);

    SketchBudget sketches_;  // before the tables, whose rows give sketches back
    Table destinations_;
    Table clients_;
    RowMarks failing_destinations_, failing_clients_;
    RowMarks unheard_;                      // destinations that have, some time, accepted without being seen
    RowMarks changed_;                      // destinations, by whatever is kept over a restart
    std::uint64_t destinations_other_ = 0;  // verdicts that never reached a row here
    std::uint64_t clients_other_ = 0;
    std::uint64_t destinations_overflowed_ = 0;
    std::uint64_t clients_overflowed_ = 0;
    std::uint64_t destinations_missed_ = 0;  // by any one destination, in banks that overflowed
    std::uint64_t clients_missed_ = 0;
};

}  // namespace rstwatch::control
