// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tcp/connection_table.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace rstwatch::tcp {

std::size_t ConnectionTable::sets_for(std::size_t connections) {
    return std::bit_ceil(std::max<std::size_t>((connections + ways - 1) / ways, fewest_sets));
}

ConnectionTable::ConnectionTable(TableSize size)
    : ConnectionTable(sets_for(std::min(size.at_first, size.at_most)), sets_for(size.at_most)) {}

ConnectionTable::ConnectionTable(std::size_t sets, std::size_t most_sets)
    : set_count_(sets),
      most_sets_(most_sets),
      set_memory_(set_count_ * sizeof(Set)),
      entry_memory_(set_count_ * ways * sizeof(Connection)),
      sets_(static_cast<Set*>(set_memory_.data())),
      entries_(static_cast<Connection*>(entry_memory_.data())) {
    // Zeroed pages are free sets and need no further touch; entries are constructed when they are occupied.
    std::uninitialized_value_construct_n(sets_, set_count_);
    due_count_[0] = static_cast<std::uint32_t>(set_count_ * ways);
}

bool ConnectionTable::grow() {
    if (set_count_ == most_sets_) return false;
    try {
        move_to(ConnectionTable(std::min(set_count_ * growth, most_sets_), most_sets_));
        return true;
    } catch (const std::bad_alloc&) {
        most_sets_ = set_count_;
        return false;
    }
}

void ConnectionTable::move_to(ConnectionTable&& larger) {
    for (Slot slot = 0; slot < capacity(); ++slot) {
        if (!is_used(slot)) continue;
        // One set becomes several, none of which can hold more than it did.
        const Slot to = larger.choose(entries_[slot].digest, 0);
        larger.occupy(to, entries_[slot].digest) = entries_[slot];
        larger.update(to);
        larger.set_due(to, sets_[slot / ways].due[slot % ways]);
    }
    *this = std::move(larger);
}

/// As `connection = Connection{}` does, which GCC makes a `rep stos` of: it takes long to begin.
void ConnectionTable::clear(Connection& connection) {
    static_assert(std::is_trivially_copyable_v<Connection>);
    auto* bytes = reinterpret_cast<std::uint8_t*>(&connection);
#pragma GCC unroll 6
    for (std::size_t at = 0; at < sizeof(Connection); at += 32) std::memset(bytes + at, 0, 32);  // a vector each
    connection.verdict = no_verdict;
    connection.verdict_hops = tally::unknown_hops;
}

ConnectionTable::Slot ConnectionTable::choose(std::uint64_t digest, tally::Interval now) const {
    const std::size_t set = set_of(digest);
    const std::uint32_t free = free_ways(sets_[set]);
    return static_cast<Slot>(set * ways + (free != 0 ? first(free) : cheapest(set, now)));
}

Connection& ConnectionTable::occupy(Slot slot, std::uint64_t digest) {
    Set& set = sets_[slot / ways];
    used_ += set.rank[slot % ways] == 0 ? 1 : 0;
    set.tag[slot % ways] = tag_of(digest);
    Connection& connection = entries_[slot];
    clear(connection);
    connection.digest = digest;
    return connection;
}

void ConnectionTable::release(Slot slot) {
    Connection& connection = entries_[slot];
    connection.phase = Phase::none;
    connection.deadline = 0;
    update(slot);
    --used_;
}

void ConnectionTable::remark(Slot slot, tally::Interval swept) {
    // Due more than a horizon ahead, so that the mark came round too early: look again just before it comes round
    // again.
    const tally::Interval due = tally::interval_of_deadline(entries_[slot].deadline);
    set_due(slot, mark_of(std::min(due, swept + horizon)));
}

}  // namespace rstwatch::tcp
