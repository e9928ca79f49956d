// SPDX-License-Identifier: Apache-2.0
#include "control/registry/ranking.h"

#include <algorithm>

namespace rstwatch::control {
namespace {

bool is_refusal(tally::Outcome outcome) {
    return outcome == tally::Outcome::refused || outcome == tally::Outcome::refused_by_device;
}

/// Sums the outcomes that `wanted` picks. Every outcome of the row is listed beside the sum.
template <typename Wanted>
RankedRow summarize(const RegistryRow& row, Wanted&& wanted) {
    RankedRow ranked;
    ranked.key = row.key;
    ranked.error = row.error;
    for (const tally::Outcome outcome : tally::all_outcomes()) {
        const OutcomeCount& counted = row.outcomes[tally::index(outcome)];
        ranked.outcomes[tally::index(outcome)] = counted.count;
        if (counted.count == 0 || !wanted(outcome)) continue;
        ranked.first = ranked.count == 0 ? counted.first : std::min(ranked.first, counted.first);
        ranked.last = ranked.count == 0 ? counted.last : std::max(ranked.last, counted.last);
        ranked.count += counted.count;
    }
    return ranked;
}

template <typename Wanted>
std::vector<RankedRow> rank_rows(const Registry::Table& table, std::size_t limit, Wanted&& wanted,
                                 const DistinctClients RegistryRow::*clients) {
    std::vector<RankedRow> rows;
    for (const RegistryRow& row : table.rows()) {
        RankedRow ranked = summarize(row, wanted);
        if (ranked.count == 0) continue;
        if (clients != nullptr) {
            const DistinctClients& distinct = row.*clients;
            ranked.clients = distinct.count();
            // Past the last sketch only the least is known; there cannot be more clients than attempts.
            ranked.clients_error = distinct.is_saturated() ? ranked.count - ranked.clients : distinct.error();
        }
        rows.push_back(ranked);
    }
    keep_heaviest(rows, limit);
    return rows;
}

}  // namespace

void keep_heaviest(std::vector<RankedRow>& rows, std::size_t limit) {
    const auto heavier = [](const RankedRow& a, const RankedRow& b) {
        return a.count != b.count ? a.count > b.count : a.key < b.key;
    };
    if (rows.size() > limit) {
        std::nth_element(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(limit), rows.end(), heavier);
        rows.resize(limit);
    }
    std::ranges::sort(rows, heavier);
}

Ranking rank(const Registry& registry, const Scanners& scanners, std::size_t limit) {
    Ranking ranking;
    ranking.refused = rank_rows(registry.destinations(), limit, is_refusal, &RegistryRow::refused_clients);
    ranking.failed = rank_rows(registry.destinations(), limit, tally::is_failed, &RegistryRow::failed_clients);
    ranking.clients = rank_rows(registry.clients(), limit, tally::is_failed, nullptr);
    for (const ScannerRow* row : scanners.scanners()) {
        if (ranking.scanners.size() == limit) break;
        ranking.scanners.push_back({row->key, row->attempts, row->failed, row->half_open, row->first, row->last});
    }
    return ranking;
}

}  // namespace rstwatch::control
