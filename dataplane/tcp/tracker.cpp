// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tcp/tracker.h"

#include "dataplane/tcp/record.h"

namespace rstwatch::tcp {
namespace {

Segment segment_of(const packet::PacketView& view, Time time) {
    Segment segment;
    segment.time = time;
    segment.flags = view.tcp_flags;
    segment.options = view.tcp_options;
    segment.ttl = view.ttl;
    segment.sequence = view.sequence;
    segment.acknowledgement = view.acknowledgement;
    segment.payload_length = view.payload_length;
    return segment;
}

Side side_of_source(const Connection& connection, const Digest& digest) {
    return digest.source_is_low == connection.client_is_low ? Side::client : Side::server;
}

}  // namespace

Tracker::Tracker(std::size_t connections, const Limits& limits, tally::CoreTally& tally)
    : table_(connections), limits_(limits), tally_(tally) {}

void Tracker::take(const packet::PacketView& view, const Digest& digest, Time time) {
    if (view.packet_class == tally::PacketClass::icmp_error) return take_icmp(view, digest, time);
    Segment segment = segment_of(view, time);
    const Slot slot = find_live(digest, time);
    if (slot == ConnectionTable::no_slot) {
        begin_entry(room_for(digest), view, digest, segment);
    } else {
        advance_entry(slot, view, digest, segment);
    }
}

void Tracker::take_icmp(const packet::PacketView& view, const Digest& digest, Time time) {
    const Slot slot = find_live(digest, time);
    if (slot == ConnectionTable::no_slot) return remember_icmp(view, digest, time);
    Connection& connection = table_[slot];
    const std::uint8_t before = connection.verdict;
    icmp_error(connection, time, side_of_source(connection, digest), view.sequence, view, limits_);
    book_verdict(connection, before, time);
    table_.update(slot);
}

void Tracker::remember_icmp(const packet::PacketView& view, const Digest& digest, Time time) {
    early_icmp_[next_early_icmp_] = {digest.value, time, digest.source_is_low, view};
    next_early_icmp_ = (next_early_icmp_ + 1) % early_icmp_count;
    last_early_icmp_ = time;
}

/// To be called when an attempt has begun.
void Tracker::apply_early_icmp(Connection& connection, const Digest& digest, Time time) {
    if (last_early_icmp_ == 0 || time - last_early_icmp_ > limits_.early_answer) return;
    for (EarlyIcmp& early : early_icmp_) {
        if (early.digest != digest.value || time - early.time > limits_.early_answer) continue;
        const Side quoted = early.source_is_low == connection.client_is_low ? Side::client : Side::server;
        icmp_error(connection, time, quoted, early.view.sequence, early.view, limits_);
        book_verdict(connection, no_verdict, time);
        early.digest = 0;
        return;
    }
}

void Tracker::expire_due(Slot slot, Time time) {
    while (table_[slot].deadline != 0 && table_[slot].deadline <= time) expire_entry(slot);
}

/// A deadline at or before this packet's time comes first.
Tracker::Slot Tracker::find_live(const Digest& digest, Time time) {
    const Slot slot = table_.find(digest.value);
    if (slot == ConnectionTable::no_slot) return slot;
    expire_due(slot, time);
    return table_.is_used(slot) ? slot : ConnectionTable::no_slot;
}

Tracker::Slot Tracker::room_for(const Digest& digest) {
    const Slot slot = table_.choose(digest.value, open_);
    if (!table_.is_used(slot)) return slot;
    Connection& victim = table_[slot];
    ++tally_.losses().connections_evicted;
    if (victim.phase != Phase::finished) {
        ++tally_.losses().connections_overflowed;
        victim.seen |= seen::evicted;
        settle(slot, outcome_as_it_stands(victim), victim.last_seen);
    }
    return slot;
}

void Tracker::begin_entry(Slot slot, const packet::PacketView& view, const Digest& digest, const Segment& first) {
    Connection& connection = table_.occupy(slot, digest.value);
    Segment segment = first;
    const bool client_sent = sender_is_client(segment, view.source_port, view.destination_port);
    segment.from = client_sent ? Side::client : Side::server;
    connection.client_is_low = digest.source_is_low == client_sent;
    connection.client = {client_sent ? view.source : view.destination,
                         client_sent ? view.source_port : view.destination_port};
    connection.server = {client_sent ? view.destination : view.source,
                         client_sent ? view.destination_port : view.source_port};
    connection.vlan = view.vlan;
    connection.vlan_count = view.vlan_count;
    begin(connection, segment, limits_);
    if (is_attempt(connection)) {
        tally_.attempt_begun();
        apply_early_icmp(connection, digest, segment.time);
    }
    table_.update(slot);
    tally_.gauges().connections_used = table_.used();
}

void Tracker::advance_entry(Slot slot, const packet::PacketView& view, const Digest& digest, Segment& segment) {
    Connection& connection = table_[slot];
    segment.from = side_of_source(connection, digest);
    const std::uint8_t verdict_before = connection.verdict;
    const Phase phase_before = connection.phase;
    const Time deadline_before = connection.deadline;
    const bool was_attempt = is_attempt(connection);
    const bool was_open = is_open(connection);

    if (step(connection, segment, limits_) == Step::new_attempt) {
        if (connection.phase != Phase::finished) settle(slot, outcome_when_replaced(connection), segment.time);
        begin_entry(slot, view, digest, segment);
        return;
    }
    if (connection.phase == phase_before && connection.deadline == deadline_before &&
        connection.verdict == verdict_before)
        return;  // what nearly every data segment comes to
    if (!was_attempt && is_attempt(connection)) tally_.attempt_begun();
    book_handshake(connection, was_open, segment.time);
    book_verdict(connection, verdict_before, connection.verdict == no_verdict ? segment.time : connection.verdict_time);
    table_.update(slot);
    expire_due(slot, segment.time);  // an answer that was early may be overdue already
}

void Tracker::book_handshake(Connection& connection, bool was_open, Time time) {
    const bool open = is_open(connection);
    if (open && !connection.has(seen::accepted)) {
        connection.seen |= seen::accepted;
        tally_.accepted(connection.server, time);
    }
    if (open == was_open) return;
    tally_.gauges().open += open ? 1 : -1;
    tally_.gauges().pending += open ? -1 : 1;
}

void Tracker::book_verdict(Connection& connection, std::uint8_t before, Time time) {
    if (connection.verdict == before) return;
    if (before == no_verdict) {
        connection.verdict_interval = tally_.interval();
        tally_.first_verdict(connection.server, connection.client.address, *connection.outcome(), time);
        return;
    }
    tally::Revision revision;
    revision.given_in = connection.verdict_interval;
    revision.server = connection.server;
    revision.client = connection.client.address;
    revision.from = static_cast<Outcome>(before);
    revision.to = connection.outcome();
    revision.time = time;
    tally_.revise(revision);
}

void Tracker::expire_entry(Slot slot) {
    Connection& connection = table_[slot];
    const std::uint8_t before = connection.verdict;
    const Time due = connection.deadline;
    const Expiry expiry = expire(connection, limits_);
    book_verdict(connection, before, due);
    if (expiry == Expiry::final || expiry == Expiry::final_gone) finalize(connection, *connection.outcome());
    if (expiry == Expiry::final_gone || expiry == Expiry::gone) {
        table_.release(slot);
        tally_.gauges().connections_used = table_.used();
    } else {
        table_.update(slot);
    }
}

/// Ends what the table holds in this slot, without freeing it.
void Tracker::settle(Slot slot, Outcome outcome, Time time) {
    Connection& connection = table_[slot];
    if (is_open(connection)) {
        --tally_.gauges().open;
        ++tally_.gauges().pending;
    }
    const std::uint8_t before = connection.verdict;
    if (before == no_verdict) {
        connection.verdict = static_cast<std::uint8_t>(outcome);
        connection.verdict_time = time;
    }
    book_verdict(connection, before, time);
    finalize(connection, outcome);
}

void Tracker::finalize(Connection& connection, Outcome outcome) {
    tally_.finalize(make_record(connection, outcome), is_attempt(connection));
}

void Tracker::advance_to(tally::Interval interval) {
    // Intervals in which nothing is due are passed in one step: a capture may span decades.
    for (tally::Interval next = open_; next < interval && !table_.nothing_due_ever(); ++next) {
        if (table_.nothing_due(next)) continue;
        if (next != open_) tally_.open(next);
        table_.sweep(next, [this](Slot slot) { expire_entry(slot); });
    }
    open_ = interval;
    tally_.open(interval);
}

void Tracker::finish(Time now) {
    for (Slot slot = 0; slot < table_.capacity(); ++slot) {
        if (!table_.is_used(slot)) continue;
        expire_due(slot, now);
        if (!table_.is_used(slot)) continue;
        if (table_[slot].phase != Phase::finished) settle(slot, outcome_as_it_stands(table_[slot]), now);
        table_.release(slot);
    }
    tally_.gauges().connections_used = 0;
}

}  // namespace rstwatch::tcp
