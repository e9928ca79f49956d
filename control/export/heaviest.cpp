// SPDX-License-Identifier: Apache-2.0
#include "control/export/heaviest.h"

#include <algorithm>

namespace rstwatch::control {

Heaviest::Heaviest(const WantedOutcomes& wanted, std::size_t most_rows)
    : wanted_(wanted), counted_(wanted), index_(std::bit_ceil(2 * most_rows + 2), none) {}

void Heaviest::announce(tally::Outcome from, std::optional<tally::Outcome> to) {
    if (to) becomes_[tally::index(*to)][tally::index(from)] = true;
}

/// A verdict may be revised more than once.
void Heaviest::prepare() {
    for (bool more = true; more;) {
        more = false;
        for (std::size_t to = 0; to < counted_.size(); ++to)
            for (std::size_t from = 0; counted_[to] && from < counted_.size(); ++from)
                if (becomes_[to][from] && !counted_[from]) more = counted_[from] = true;
    }
}

std::size_t Heaviest::slot_of(const tally::Endpoint& key) const {
    return hash_of(key) & (index_.size() - 1);
}

void Heaviest::prefetch_entry(const tally::Endpoint& key) const {
    const std::uint32_t head = index_[slot_of(key)];
    if (head != none) __builtin_prefetch(&entries_[head], 1);
}

std::uint32_t& Heaviest::head_of(const tally::Endpoint& key) {
    std::size_t slot = slot_of(key);
    while (index_[slot] != none && entries_[index_[slot]].key != key) slot = (slot + 1) & (index_.size() - 1);
    return index_[slot];
}

Heaviest::Entry* Heaviest::find(std::uint32_t head, tally::RowKind kind) {
    for (std::uint32_t place = head; place != none; place = entries_[place].next)
        if (entries_[place].kind == kind) return &entries_[place];
    return nullptr;
}

void Heaviest::add(const tally::Endpoint& key, tally::RowKind kind, std::uint64_t count) {
    std::uint32_t& head = head_of(key);
    if (Entry* known = find(head, kind)) {
        known->count += count;
        return;
    }
    const auto place = static_cast<std::uint32_t>(entries_.size());
    if (head == none) {
        entries_.push_back({key, kind, none, count});
        head = place;
    } else {
        entries_.push_back({key, kind, entries_[head].next, count});
        entries_[head].next = place;
    }
}

void Heaviest::revise(const tally::Endpoint& key, tally::Outcome from, std::optional<tally::Outcome> to) {
    if (!counted_[tally::index(from)]) return;
    Entry* known = find(head_of(key), tally::row_kind(from));
    if (known == nullptr || known->count == 0) return;
    --known->count;
    if (to && counted_[tally::index(*to)]) add(key, tally::row_kind(*to), 1);
}

std::vector<tally::Endpoint> Heaviest::keys(std::size_t limit) const {
    struct Candidate {
        std::uint64_t count;
        std::uint32_t head;
    };
    std::vector<Candidate> candidates;
    for (const std::uint32_t head : index_) {
        if (head == none) continue;
        std::uint64_t sum = 0;
        for (std::uint32_t place = head; place != none; place = entries_[place].next)
            if (wanted_[entries_[place].kind]) sum += entries_[place].count;
        if (sum > 0) candidates.push_back({sum, head});
    }
    if (candidates.size() > limit) {
        const auto heavier = [this](const Candidate& a, const Candidate& b) {
            return a.count != b.count ? a.count > b.count : entries_[a.head].key < entries_[b.head].key;
        };
        std::ranges::nth_element(candidates, candidates.begin() + static_cast<std::ptrdiff_t>(limit), heavier);
        candidates.resize(limit);
    }
    std::vector<tally::Endpoint> keys;
    keys.reserve(candidates.size());
    for (const Candidate& candidate : candidates) keys.push_back(entries_[candidate.head].key);
    return keys;
}

}  // namespace rstwatch::control
