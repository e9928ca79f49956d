// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataplane/tally/space_saving.h"
#include "dataplane/tally/touch.h"

namespace rstwatch::control {

/// Rows are fetched so many at a time: enough for their misses to overlap, few enough to stay in the cache until they
/// are used.
inline constexpr std::size_t rows_ahead = 8;

/// What a row has behind its first line, which has been read.
template <typename Row>
void prefetch_rest(const Row& row) {
    const auto* bytes = reinterpret_cast<const char*>(&row);
    for (std::size_t line = 64; line < tally::hot_bytes<Row>(); line += 64) __builtin_prefetch(bytes + line);
}

/// Visits the rows at these places of a table that lies in memory, not in the cache: some are fetched together before
/// they are visited.
template <typename Row, typename Visit>
void visit_ahead(const std::vector<Row>& rows, const std::vector<std::uint32_t>& places, Visit&& visit) {
    for (std::size_t begin = 0; begin < places.size(); begin += rows_ahead) {
        const std::size_t end = std::min(begin + rows_ahead, places.size());
        for (std::size_t i = begin; i < end; ++i) tally::touch(&rows[places[i]]);
        for (std::size_t i = begin; i < end; ++i) prefetch_rest(rows[places[i]]);
        for (std::size_t i = begin; i < end; ++i) visit(rows[places[i]]);
    }
}

}  // namespace rstwatch::control
