// SPDX-License-Identifier: Apache-2.0
#include "control/registry/ranking.h"

#include <algorithm>

namespace rstwatch::control {
namespace {

using Wanted = bool (*)(tally::Outcome);

std::uint64_t count_wanted(const RegistryRow& row, Wanted wanted) {
    std::uint64_t sum = 0;
    for (const OutcomeCount& each : row.outcomes)
        if (wanted(each.outcome)) sum += each.seen.count;
    return sum;
}

/// The rows with the highest counts, in no order.
std::vector<const RegistryRow*> heaviest(const Registry::Table& table, const RowMarks& failing, std::size_t limit,
                                         Wanted wanted) {
    struct Candidate {
        std::uint64_t count;
        const RegistryRow* row;
    };
    std::vector<Candidate> candidates;
    const std::vector<RegistryRow>& all = table.rows();
    for (std::size_t i = failing.next(0); i < all.size(); i = failing.next(i + 1))
        if (const std::uint64_t count = count_wanted(all[i], wanted); count > 0) candidates.push_back({count, &all[i]});
    const auto heavier = [](const Candidate& a, const Candidate& b) {
        return a.count != b.count ? a.count > b.count : a.row->key < b.row->key;
    };
    if (candidates.size() > limit) {
        std::nth_element(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(limit), candidates.end(),
                         heavier);
        candidates.resize(limit);
    }
    std::vector<const RegistryRow*> rows;
    rows.reserve(candidates.size());
    for (const Candidate& candidate : candidates) rows.push_back(candidate.row);
    return rows;
}

void count_clients(const DistinctClients& distinct, RankedRow& ranked) {
    ranked.clients = distinct.count();
    // Past the last sketch only the least is known; there cannot be more clients than attempts.
    const bool saturated = distinct.is_saturated() && ranked.count > ranked.clients;
    ranked.clients_error = saturated ? ranked.count - ranked.clients : distinct.error();
}

std::vector<RankedRow> rank_destinations(const Registry& registry, std::size_t limit, Wanted wanted,
                                         const DistinctClients RegistryRow::*clients) {
    std::vector<RankedRow> rows;
    for (const RegistryRow* row : heaviest(registry.destinations(), registry.failing_destinations(), limit, wanted)) {
        rows.push_back(summarize(*row, wanted));
        rows.back().error = registry.destination_error(*row);
        count_clients(row->*clients, rows.back());
    }
    keep_heaviest(rows, limit);
    return rows;
}

std::vector<RankedRow> rank_clients(const Registry& registry, std::size_t limit) {
    std::vector<RankedRow> rows;
    for (const RegistryRow* row : heaviest(registry.clients(), registry.failing_clients(), limit, tally::is_failed)) {
        rows.push_back(summarize(*row, tally::is_failed));
        rows.back().error = registry.client_error(*row);
    }
    keep_heaviest(rows, limit);
    return rows;
}

}  // namespace

RankedRow summarize(const RegistryRow& row, const std::function<bool(tally::Outcome)>& wanted) {
    RankedRow ranked;
    ranked.key = row.key;
    Occurrences sum;
    for (const OutcomeCount& each : row.outcomes) {
        ranked.outcomes[tally::index(each.outcome)] = each.seen.count;
        if (each.seen.count > 0 && wanted(each.outcome)) sum.add(each.seen.count, each.seen.first, each.seen.last);
    }
    ranked.count = sum.count;
    ranked.first = sum.first;
    ranked.last = sum.last;
    return ranked;
}

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
    ranking.refused = rank_destinations(registry, limit, tally::is_refusal, &RegistryRow::refused_clients);
    ranking.failed = rank_destinations(registry, limit, tally::is_failed, &RegistryRow::failed_clients);
    ranking.clients = rank_clients(registry, limit);
    for (const ScannerRow* row : scanners.scanners()) {
        if (ranking.scanners.size() == limit) break;
        ranking.scanners.push_back({row->key, row->failed, row->half_open, row->first, row->last});
    }
    return ranking;
}

}  // namespace rstwatch::control
