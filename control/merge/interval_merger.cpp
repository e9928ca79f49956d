// SPDX-License-Identifier: Apache-2.0
#include "control/merge/interval_merger.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <tuple>

namespace rstwatch::control {
namespace {

template <typename T>
void append(std::vector<T>& to, const std::vector<T>& from) {
    to.insert(to.end(), from.begin(), from.end());
}

/// Where an entry was before it was sorted by time.
struct Place {
    tally::Time time;
    std::size_t index;
};

/// By time alone; equal times stay in their order. A byte at a time from the lowest one up (Knuth, TAOCP vol. 3, 5.2.5,
/// algorithm R): an interval's times differ in three bytes, and no comparison is guessed wrong.
void sort_by_time(std::vector<Place>& places) {
    const auto [earliest, latest] = std::ranges::minmax(places, {}, &Place::time);
    const tally::Time base = earliest.time, span = latest.time - base;
    std::vector<Place> sorted(places.size());
    for (unsigned shift = 0; shift < 64 && span >> shift != 0; shift += 8) {
        const auto digit = [&](const Place& place) { return (place.time - base) >> shift & 0xff; };
        std::array<std::size_t, 257> begins{};
        for (const Place& place : places) ++begins[digit(place) + 1];
        std::partial_sum(begins.begin(), begins.end(), begins.begin());
        for (const Place& place : places) sorted[begins[digit(place)]++] = place;
        places.swap(sorted);
    }
}

/// Along the cycles of the permutation: what is in its place already stays there, and no second list is filled. Each
/// place is its own one afterwards.
template <typename Entry>
void put_in_order(std::vector<Entry>& list, std::vector<Place>& places) {
    for (std::size_t begin = 0; begin < places.size(); ++begin) {
        if (places[begin].index == begin) continue;
        const Entry first = list[begin];
        std::size_t at = begin;
        for (std::size_t from = places[at].index; from != begin; from = places[at].index) {
            list[at] = list[from];
            places[at].index = at;
            at = from;
        }
        list[at] = first;
        places[at].index = at;
    }
}

/// One core's lists come in order, but for what its deadlines decided. Entries are large, so their places are sorted,
/// by time, and where that is the same by `key`; each entry is moved once. `key` begins with the time.
template <typename Entry, typename Key>
void sort_list(std::vector<Entry>& list, tally::Time Entry::*time, Key key) {
    if (std::ranges::is_sorted(list, {}, key)) return;
    std::vector<Place> places(list.size());
    for (std::size_t i = 0; i < list.size(); ++i) places[i] = {list[i].*time, i};
    sort_by_time(places);
    for (auto first = places.begin(); first != places.end();) {
        const auto next = std::find_if(first, places.end(), [&](const Place& one) { return one.time != first->time; });
        if (next - first > 1)
            std::stable_sort(first, next,
                             [&](const Place& a, const Place& b) { return key(list[a.index]) < key(list[b.index]); });
        first = next;
    }
    put_in_order(list, places);
}

/// Whoever judges records judges them one after the other; everything else is summed, and sums know no order. Equal
/// records are of one four-tuple, hence of one core, whose order they keep.
void sort_by_time_and_tuple(MergedInterval& interval) {
    sort_list(interval.records, &tally::AttemptRecord::decided, [](const tally::AttemptRecord& record) {
        return std::tie(record.decided, record.client, record.server, record.start);
    });
    const auto place = [](const tally::Sighting& sighting) {
        return std::tie(sighting.time, sighting.client, sighting.server, sighting.kind);
    };
    sort_list(interval.contacts, &tally::Sighting::time, place);
    sort_list(interval.sightings, &tally::Sighting::time, place);
    sort_list(interval.revisions, &tally::Revision::time, [](const tally::Revision& revision) {
        return std::tie(revision.time, revision.client, revision.server);
    });
    sort_list(interval.identifications, &tally::Identification::time, [](const tally::Identification& found) {
        return std::tie(found.time, found.client, found.server, found.from);
    });
}

/// A bank goes back to its core whatever happens to who reads it: a replay's core waits for it.
struct Loan {
    tally::BankExchange& exchange;
    tally::IntervalBank& bank;
    Loan(tally::BankExchange& exchange, tally::IntervalBank& bank) : exchange(exchange), bank(bank) {}
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    ~Loan() { exchange.give_back(&bank); }
};

/// A full table displaces rows; a destination (or client) has at most one for each outcome that occurred.
std::uint64_t missed_by_one(const tally::RowTable& table, const tally::OutcomeTotals& outcomes) {
    if (table.overflowed() == 0) return 0;
    const auto kinds = std::ranges::count_if(outcomes.first, [](std::uint64_t count) { return count > 0; });
    return table.heaviest_displaced() * static_cast<std::uint64_t>(kinds);
}

}  // namespace

IntervalMerger::IntervalMerger(std::vector<std::unique_ptr<tally::BankExchange>>& exchanges, Sink sink)
    : exchanges_(exchanges), sink_(std::move(sink)), gauges_(exchanges.size()), losses_(exchanges.size()) {}

std::size_t IntervalMerger::poll() {
    // The watermarks are read before the rings (BankExchange says why).
    tally::Interval watermark = tally::BankExchange::finished;
    for (const auto& exchange : exchanges_) watermark = std::min(watermark, exchange->watermark());
    std::size_t banks = 0;
    for (const auto& exchange : exchanges_) {
        while (tally::IntervalBank* bank = exchange->take_full()) {
            const Loan loan{*exchange, *bank};
            absorb(*bank);
            ++banks;
        }
    }
    release(watermark);
    return banks;
}

bool IntervalMerger::drain() {
    const bool all = std::ranges::all_of(
        exchanges_, [](const auto& exchange) { return exchange->watermark() == tally::BankExchange::finished; });
    for (const auto& exchange : exchanges_)
        while (tally::IntervalBank* bank = exchange->take_full()) exchange->give_back(bank);
    return all;
}

void IntervalMerger::absorb(const tally::IntervalBank& bank) {
    losses_[bank.core].forward_dropped += bank.losses.forward_dropped;
    losses_[bank.core].records_dropped += bank.losses.records_dropped;
    losses_[bank.core].late_merges += bank.late ? 1 : 0;
    MergedInterval& interval = pending(bank.interval);
    interval.interval = bank.interval;
    interval.gauges[bank.core] = bank.gauges;
    if (bank.packets.received > 0) {
        const bool first = interval.packets.received == 0;
        interval.first_packet = first ? bank.first_packet : std::min(interval.first_packet, bank.first_packet);
        interval.last_packet = first ? bank.last_packet : std::max(interval.last_packet, bank.last_packet);
    }
    interval.packets.add(bank.packets);
    add(interval.outcomes, bank.outcomes);
    add(interval.losses, bank.losses);
    interval.at_control_depth |= bank.at_control_depth;
    interval.late_merges += bank.late ? 1 : 0;
    interval.destinations_other += bank.destinations.other();
    interval.destinations_overflowed += bank.destinations.overflowed();
    interval.clients_other += bank.clients.other();
    interval.clients_overflowed += bank.clients.overflowed();
    interval.destinations_missed += missed_by_one(bank.destinations, bank.outcomes);
    interval.clients_missed += missed_by_one(bank.clients, bank.outcomes);
    append(interval.destinations, bank.destinations.rows());
    append(interval.clients, bank.clients.rows());
    append(interval.contacts, bank.contacts);
    append(interval.sightings, bank.sightings);
    append(interval.records, bank.records);
    append(interval.revisions, bank.revisions);
    append(interval.identifications, bank.identifications);
}

/// What has not begun yet takes the memory of one that is over: its lists have the room already, and are in the cache.
MergedInterval& IntervalMerger::pending(tally::Interval interval) {
    if (spare_ && !pending_.contains(interval)) {
        spare_.key() = interval;
        pending_.insert(std::move(spare_));
    }
    return pending_[interval];
}

void IntervalMerger::release(tally::Interval watermark) {
    while (!pending_.empty() && pending_.begin()->first < watermark) {
        MergedInterval& interval = pending_.begin()->second;
        for (const auto& [core, gauges] : interval.gauges) gauges_[core] = gauges;
        sort_by_time_and_tuple(interval);
        sink_(interval);
        interval.clear();
        spare_ = pending_.extract(pending_.begin());
    }
    finished_ = watermark == tally::BankExchange::finished && pending_.empty();
}

tally::Gauges IntervalMerger::gauges() const {
    tally::Gauges sum;
    for (const tally::Gauges& each : gauges_) {
        sum.pending += each.pending;
        sum.open += each.open;
        sum.connections_used += each.connections_used;
        sum.datagrams_used += each.datagrams_used;
        for (std::size_t i = 0; i < tally::outcome_count; ++i) sum.provisional[i] += each.provisional[i];
    }
    return sum;
}

}  // namespace rstwatch::control
