// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tally/core_tally.h"

#include <algorithm>
#include <cstdlib>
#include <span>

namespace rstwatch::tally {

CoreTally::CoreTally(BankExchange& exchange, WhenFull when_full)
    : exchange_(exchange), when_full_(when_full), bank_(exchange.take_empty()) {
    if (bank_ == nullptr) std::abort();  // an exchange is built with all its banks empty
}

void CoreTally::attempt_begun() {
    ++bank_->outcomes.attempts;
    ++gauges_.pending;
}

/// Written member by member where it waits: a key read again as a whole right after it was put together would have to
/// wait for its parts.
inline void CoreTally::book(RowTable& table, const IpAddress& address, std::uint16_t port, RowKind kind,
                            std::uint8_t hops, Time time) {
    Booking& booking = waiting_[waiting_count_];
    booking.table = &table;
    booking.key.address = address;
    booking.key.port = port;
    booking.key.kind = kind;
    booking.key.hops = hops;
    booking.hash = hash_of(address, port, kind, hops);
    booking.time = time;
    table.prefetch_index(booking.hash);
    if (waiting_count_ >= row_ahead) {
        const Booking& earlier = waiting_[waiting_count_ - row_ahead];
        earlier.table->prefetch_row(earlier.hash);
    }
    if (++waiting_count_ == waiting_.size()) apply_bookings();
}

void CoreTally::apply_bookings() {
    const std::span waiting = std::span(waiting_).first(waiting_count_);
    for (const Booking& each : waiting) each.table->touch_index(each.hash);
    for (const Booking& each : waiting) each.table->touch_row(each.hash);
    for (const Booking& each : waiting) {
        Row& row = each.table->at(each.key, each.hash);
        // A deadline may be booked after a packet that came later than it: only extremes are independent of the order.
        row.first = row.count == 0 ? each.time : std::min(row.first, each.time);
        row.last = std::max(row.last, each.time);
        ++row.count;
    }
    waiting_count_ = 0;
}

void CoreTally::accepted(const Sighting& contact) {
    make_room();
    ++bank_->outcomes.accepted;
    book(bank_->destinations, contact.server.address, contact.server.port, accepted_kind, contact.hops, contact.time);
    note(bank_->contacts, contact, bank_->losses.contacts_dropped);
}

void CoreTally::first_verdict(const Sighting& sighting) {
    make_room();
    ++bank_->outcomes.first[sighting.kind];
    ++gauges_.provisional[sighting.kind];
    book(bank_->destinations, sighting.server.address, sighting.server.port, sighting.kind, sighting.hops,
         sighting.time);
    book(bank_->clients, sighting.client.address, 0, sighting.kind, unknown_hops, sighting.time);
    if (is_silence(static_cast<Outcome>(sighting.kind)))
        note(bank_->contacts, sighting, bank_->losses.contacts_dropped);
    if (bank_->wants_all_sightings || may_mean_failure(static_cast<Outcome>(sighting.kind)))
        note(bank_->sightings, sighting, bank_->losses.sightings_dropped);
}

void CoreTally::note(std::vector<Sighting>& list, const Sighting& sighting, std::uint64_t& dropped) {
    if (list.size() == bank_->list_capacity) {
        ++dropped;
        return;
    }
    list.push_back(sighting);
}

void CoreTally::revise(const Revision& revision) {
    make_room();
    --gauges_.provisional[index(revision.from)];
    if (revision.to) ++gauges_.provisional[index(*revision.to)];
    if (bank_->revisions.size() == bank_->list_capacity) {
        ++bank_->losses.revisions_dropped;
        return;
    }
    bank_->revisions.push_back(revision);
}

AttemptRecord* CoreTally::finalize(Outcome outcome, bool had_begun) {
    make_room();
    --gauges_.provisional[index(outcome)];
    if (had_begun) --gauges_.pending;
    ++bank_->outcomes.final[index(outcome)];
    if (bank_->records.size() == bank_->list_capacity) {
        ++bank_->losses.records_dropped;
        return nullptr;
    }
    return &bank_->records.emplace_back();
}

void CoreTally::identified(const Identification& identification) {
    make_room();
    if (bank_->identifications.size() == bank_->identification_capacity) {
        ++bank_->losses.identifications_dropped;
        return;
    }
    bank_->identifications.push_back(identification);
}

void CoreTally::set_depth(Depth depth) {
    depth_ = depth;
    if (depth == Depth::control) bank_->at_control_depth = true;
}

/// In replay a full list ends the bank, not the interval: control merges its parts. Called before anything is booked,
/// so that each part adds up by itself.
void CoreTally::make_room() {
    if (when_full_ == WhenFull::lose || !bank_->lists_full()) return;
    take_bank(bank_->interval);
}

void CoreTally::take_bank(Interval interval) {
    std::uint32_t returned = exchange_.returned();
    IntervalBank* fresh = exchange_.take_empty();
    if (fresh == nullptr && when_full_ == WhenFull::lose) {
        bank_->late = true;
        return;
    }
    apply_bookings();
    bank_->gauges = gauges_;
    exchange_.hand_over(bank_);
    while (fresh == nullptr) {
        ++waits_;
        returned = exchange_.wait_for_return(returned);
        fresh = exchange_.take_empty();
    }
    bank_ = fresh;
    bank_->interval = interval;
    bank_->at_control_depth = depth_ == Depth::control;
}

void CoreTally::open(Interval next) {
    if (!started_) {
        started_ = true;
        bank_->interval = next;
        exchange_.raise_watermark(next);
        return;
    }
    take_bank(next);
    if (bank_->late) return;  // what it holds of earlier intervals has not been handed over
    exchange_.raise_watermark(next);
}

void CoreTally::finish() {
    apply_bookings();
    bank_->gauges = gauges_;
    exchange_.hand_over(bank_);
    bank_ = nullptr;
    exchange_.raise_watermark(BankExchange::finished);
}

}  // namespace rstwatch::tally
