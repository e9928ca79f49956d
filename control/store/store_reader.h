// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "control/history/point.h"
#include "control/snapshot.h"
#include "control/store/database.h"
#include "control/store/store.h"

namespace rstwatch::control {

/// Why the store has no answer.
struct StoreTrouble {
    bool too_long = false;  ///< there would be one, but not in time
    std::string sentence;
};

/// A minute of which something is known, and what is known of it.
using MinutePoint = std::pair<std::uint64_t, HistoryPoint>;

/// Who is asked about.
struct Subject {
    Scope scope = Scope::network;
    tally::Endpoint endpoint{};  ///< port 0 of a host, nothing of the network
};

/// What the store knows of some subjects over a stretch of minutes.
struct StoredTop {
    std::vector<RankedRow> rows;              ///< heaviest first
    std::uint64_t seconds = 0;                ///< in which the daemon ran
    std::uint64_t control_depth_seconds = 0;  ///< of these, in which not every segment was looked up
    std::uint64_t packets = 0;
    std::uint64_t attempts = 0;
};

/// Reads the store's file over a connection of its own, beside the thread that writes it. Ends what takes too long, so
/// that whoever is served by the same thread need not wait. Used by one thread.
class StoreReader {
  public:
    explicit StoreReader(Store& store, int deadline_milliseconds = 2000)
        : store_(store), deadline_(deadline_milliseconds) {}

    template <typename T>
    using Answer = std::variant<T, StoreTrouble>;

    bool is_on() const { return store_.is_on(); }

    /// The first minute that is kept; nothing in an empty file.
    Answer<std::optional<std::uint64_t>> oldest_minute();

    /// What was counted of a subject in the minutes [from, until) in which the daemon ran, in the order of time.
    /// Packets and attempts are known of the network alone.
    Answer<std::vector<MinutePoint>> points(const Subject& subject, std::uint64_t from, std::uint64_t until);

    struct TopRange {
        Scope scope = Scope::service;  ///< service or outgoing
        bool by_port = false;          ///< sums services of one port
        std::array<bool, tally::outcome_count> wanted{};
        std::size_t rows = 10;
        std::uint64_t from = 0, until = 0;  ///< minutes
    };
    /// Those with most of the wanted outcomes, as the registry ranks them.
    Answer<StoredTop> top(const TopRange& range);

  private:
    bool open();
    StoreTrouble trouble();
    bool read_kinds();
    void add_network(const TopRange& range, StoredTop& top);
    std::vector<RankedRow> find_heaviest(const TopRange& range);
    void add_outcomes(const TopRange& range, std::vector<RankedRow>& rows);
    std::int64_t number_of(tally::RowKind kind) const;

    Store& store_;
    int deadline_;
    Database database_;
    std::uint64_t generation_ = 0;
    std::vector<std::optional<tally::RowKind>> kinds_;  // by the file's number
    std::string failing_;                               // failing_condition()
};

}  // namespace rstwatch::control
