// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "control/export/json_values.h"
#include "control/store/store_reader.h"

namespace rstwatch::control {

struct TopQuery {
    enum class By : std::uint8_t { destination, client, service };

    By by = By::destination;
    std::string outcome = "refused";              ///< refused, failed, or the name of an outcome
    std::optional<std::uint64_t> window_seconds;  ///< none: everything since the start
    std::size_t rows = 10;
    /// Seconds since the epoch, [from, until), instead of a window that ends now.
    std::optional<std::pair<tally::Interval, tally::Interval>> range{};
};

/// True for the outcomes that a query counts: refused means both ways to be refused, failed what is counted as failed.
bool is_wanted(const std::string& wanted, tally::Outcome outcome);

/// The document of /api/v1/top: who met most often with an outcome, within a window that ends now, or within a range as
/// far as the window reaches back.
Json top(const Snapshot& snapshot, const TopQuery& query);

/// The same of a range of whole minutes, as the store has it.
Json top(const Snapshot& snapshot, const TopQuery& query, const StoredTop& stored);

}  // namespace rstwatch::control
