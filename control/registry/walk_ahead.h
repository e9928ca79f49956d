// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>

#include "control/registry/look_ahead.h"

namespace rstwatch::control {

/// A table of so few rows stays in the cache; to fetch them all the same costs more than it saves.
template <typename Table>
bool is_in_cache(const Table& table) {
    constexpr std::size_t small = 128 << 10;
    return table.size() * sizeof(table.rows()[0]) <= small;
}

/// Fetches the rows of entries from `begin` to `end`, at most `rows_ahead`, together. Index and first line are read
/// (`touch()` says why), so that the prefetches of the other lines find the address translated.
template <typename Entries, typename RowsOf>
void fetch_rows(const Entries& entries, std::size_t begin, std::size_t end, RowsOf& rows_of) {
    constexpr std::size_t most_rows = 8;  // of one entry
    std::array<std::uint64_t, rows_ahead * most_rows> hashes;
    std::size_t count = 0, touched = 0, prefetched = 0;
    for (std::size_t i = begin; i < end; ++i)
        rows_of(entries[i], [&](const auto& table, const auto& key) {
            if (is_in_cache(table)) return;
            assert(count < hashes.size());
            table.touch_index(hashes[count++] = hash_of(key));
        });
    if (count == 0) return;
    for (std::size_t i = begin; i < end; ++i)
        rows_of(entries[i], [&](const auto& table, const auto&) {
            if (!is_in_cache(table)) table.touch_row(hashes[touched++]);
        });
    for (std::size_t i = begin; i < end; ++i)
        rows_of(entries[i], [&](const auto& table, const auto&) {
            if (!is_in_cache(table)) table.prefetch_row(hashes[prefetched++]);
        });
}

/// Takes one entry after the other. The rows that they concern lie in memory, not in the cache, where each look-up
/// would wait for three misses in turn: so `rows_of` passes the table and the key of those that an entry needs to what
/// fetches them, for some entries together.
template <typename Entries, typename RowsOf, typename Take>
void walk_ahead(const Entries& entries, RowsOf rows_of, Take take) {
    for (std::size_t begin = 0; begin < entries.size(); begin += rows_ahead) {
        const std::size_t end = std::min<std::size_t>(begin + rows_ahead, entries.size());
        fetch_rows(entries, begin, end, rows_of);
        for (std::size_t i = begin; i < end; ++i) take(entries[i]);
    }
}

/// Likewise, where taking an entry makes no row: `find` looks the rows of some entries up, and fetches what they in
/// turn point at, before `take` gets the first of these entries with what was found for it.
template <typename Entries, typename RowsOf, typename Find, typename Take>
void walk_ahead(const Entries& entries, RowsOf rows_of, Find find, Take take) {
    std::array<decltype(find(entries[0])), rows_ahead> found{};
    for (std::size_t begin = 0; begin < entries.size(); begin += rows_ahead) {
        const std::size_t end = std::min<std::size_t>(begin + rows_ahead, entries.size());
        fetch_rows(entries, begin, end, rows_of);
        for (std::size_t i = begin; i < end; ++i) found[i - begin] = find(entries[i]);
        for (std::size_t i = begin; i < end; ++i) take(entries[i], found[i - begin]);
    }
}

}  // namespace rstwatch::control
