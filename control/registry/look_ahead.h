// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataplane/tally/space_saving.h"

namespace rstwatch::control {

inline constexpr std::size_t rows_ahead = 8;

template <typename Row>
void prefetch_row(const Row& row) {
    const auto* bytes = reinterpret_cast<const char*>(&row);
    for (std::size_t line = 0; line < tally::hot_bytes<Row>(); line += 64) __builtin_prefetch(bytes + line);
}

/// Visits the rows at these places of a table that lies in memory, not in the cache: each is fetched some rows ahead.
template <typename Row, typename Visit>
void visit_ahead(const std::vector<Row>& rows, const std::vector<std::uint32_t>& places, Visit&& visit) {
    for (std::size_t i = 0; i < places.size(); ++i) {
        if (i + rows_ahead < places.size()) prefetch_row(rows[places[i + rows_ahead]]);
        visit(rows[places[i]]);
    }
}

/// Takes one entry after the other. The rows that they concern lie in memory, not in the cache, where each look-up
/// would wait for three misses in turn: so `rows_of` passes the table and the key of those that an entry needs to what
/// fetches them, some entries ahead.
template <typename Entry, typename RowsOf, typename Take>
void walk_ahead(const std::vector<Entry>& entries, RowsOf rows_of, Take take) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (i + 2 * rows_ahead < entries.size())
            rows_of(entries[i + 2 * rows_ahead],
                    [](const auto& table, const auto& key) { table.prefetch_index(hash_of(key)); });
        if (i + rows_ahead < entries.size())
            rows_of(entries[i + rows_ahead],
                    [](const auto& table, const auto& key) { table.prefetch_row(hash_of(key)); });
        take(entries[i]);
    }
}

}  // namespace rstwatch::control
