// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "control/export/json_values.h"

namespace rstwatch::control {

struct TopQuery {
    enum class By : std::uint8_t { destination, client, service };

    By by = By::destination;
    std::string outcome = "refused";              ///< refused, failed, or the name of an outcome
    std::optional<std::uint64_t> window_seconds;  ///< none: everything since the start
    std::size_t rows = 10;
};

/// The document of /api/v1/top: who met most often with an outcome, within a window that ends now.
Json top(const Snapshot& snapshot, const TopQuery& query);

}  // namespace rstwatch::control
