// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "control/snapshot.h"

namespace rstwatch::control {

/// Members keep the order in which they were written: documents read as their author meant them.
using Json = nlohmann::ordered_json;

/// Seconds since the epoch with microseconds, as every document has it. A double keeps them exactly until 2255.
inline double seconds(tally::Time time) {
    return static_cast<double>(time) / static_cast<double>(tally::second);
}

Json packets_json(const tally::PacketTotals& packets);
Json tcp_flags_json(const tally::PacketTotals& packets);
Json outcomes_json(const std::array<std::uint64_t, tally::outcome_count>& outcomes);
/// The outcomes that occurred, for a row of a table.
Json nonzero_outcomes_json(const std::array<std::uint64_t, tally::outcome_count>& outcomes);
Json table_json(const TableState& table);
Json tables_json(const Snapshot& snapshot);
/// How closely connections are followed, and the outcomes that cannot be told therefore.
Json tracking_json(const Snapshot& snapshot);
/// What is known of the SPAN port itself.
Json span_json(const Snapshot& snapshot);
/// One line of a ranking of destinations, or, without a port, of clients.
Json row_json(const RankedRow& row, bool is_destination, const ServiceDirectory& services);

}  // namespace rstwatch::control
