// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tcp/tracker.h"

#include <bit>

#include "dataplane/tcp/header_prediction.h"
#include "dataplane/tcp/record.h"
#include "dataplane/tcp/sequence.h"

namespace rstwatch::tcp {
namespace {

/// How far away the one was who answered in the server's name.
std::uint8_t answer_hops(const Connection& connection, tally::RowKind kind) {
    const std::uint8_t ttl =
        kind == tally::row_kind(Outcome::refused) ? connection.rst_ttl : connection.ttl[tally::index(Side::server)];
    return ttl == 0 ? tally::unknown_hops : hop_distance(ttl);
}

tally::Sighting sighting_of(const Connection& connection, tally::RowKind kind, Time time) {
    const std::uint32_t acked = connection.acked[tally::index(Side::server)];
    const bool answered =
        connection.has(seen::synack) &&
        (connection.has(seen::server_data) || after(acked, connection.isn[tally::index(Side::client)] + 1));
    tally::Sighting sighting{connection.server, connection.client, kind, answer_hops(connection, kind), answered, time,
                             connection.start};
    if (connection.has(seen::icmp)) {  // else the line that it stands in need not be read
        sighting.icmp_from = connection.icmp_from;
        sighting.icmp_type = connection.icmp_type;
        sighting.icmp_code = connection.icmp_code;
    }
    return sighting;
}

/// A side that has sent this many bytes, and heard nothing, has not been asked anything.
constexpr std::uint32_t longest_wait = 65536;

Limits at_control_depth(Limits limits) {
    limits.every_segment = false;
    return limits;
}

packet::TupleFold fold_of(const Connection& connection) {
    const tally::Endpoint &client = connection.client, &server = connection.server;
    return packet::fold_of(client.address, client.port, server.address, server.port);
}

Side side_of_source(const Connection& connection, const Digest& digest) {
    return digest.source_is_low == connection.flows(Side::client, flow::client_is_low) ? Side::client : Side::server;
}

}  // namespace

Tracker::Tracker(TableSize connections, const Limits& limits, const DuplicateLimits& duplicates,
                 tally::CoreTally& tally, const identify::KnownServices* services, bool depth_may_change)
    : table_(connections),
      duplicates_(duplicates),
      limits_(limits),
      control_limits_(at_control_depth(limits)),
      depth_(limits.every_segment ? tally::Depth::full : tally::Depth::control),
      depth_may_change_(depth_may_change),
      tally_(tally),
      services_(services) {
    tally_.set_depth(depth_);
}

void Tracker::set_depth(tally::Depth depth, Time now) {
    if (depth_ == tally::Depth::control) control_until_ = now + 1;
    depth_ = depth;
    tally_.set_depth(depth);
}

const Limits& Tracker::limits_of(const Connection& connection) const {
    return depth_ == tally::Depth::full && (connection.flow & flow::in_part) == 0 ? limits_ : control_limits_;
}

/// False if the packet is of no use to anybody at this depth.
inline bool Tracker::concerns(const packet::PacketView& view) const {
    return depth_ == tally::Depth::full || view.packet_class == tally::PacketClass::icmp_error ||
           is_control(view.tcp_flags) || wanted_.has(fold_of(view));
}

void Tracker::fetch(std::span<ParsedPacket> burst) const {
    std::array<ParsedPacket*, longest_burst> wanted;
    std::array<ConnectionTable::Slot, longest_burst> slots, whole;  // whole: of which all lines are needed
    std::size_t count = 0, whole_count = 0;
    for (ParsedPacket& packet : burst) {
        packet.slot = ConnectionTable::no_slot;
        if (!packet.view.trackable || !concerns(packet.view)) continue;
        table_.touch_set(packet.digest.value);
        duplicates_.touch(packet.digest);
        wanted[count++] = &packet;
    }
    // Apart from each other, so that nothing but misses stands between misses; and without a branch that depends on
    // what kind of segment comes next.
    for (std::size_t i = 0; i < count; ++i) {
        slots[i] = table_.likely_slot(wanted[i]->digest.value, open_);
        table_.prefetch_entry(slots[i]);
        wanted[i]->slot = slots[i];
        whole[whole_count] = slots[i];
        whole_count += static_cast<unsigned>(is_control(wanted[i]->view.tcp_flags)) |
                       static_cast<unsigned>(table_.is_in_handshake(slots[i]));
    }
    for (std::size_t i = 0; i < count; ++i) table_.touch_entry(slots[i]);
    for (std::size_t i = 0; i < whole_count; ++i) table_.touch_rest_of_entry(whole[i]);
}

Heard Tracker::take(const ParsedPacket& packet, Time time) {
    const auto& [view, digest, likely] = packet;
    if (view.packet_class == tally::PacketClass::icmp_error) {
        take_icmp(view, digest, time);
        return {};
    }
    if (!concerns(view)) return {};
    if (duplicates_.is_copy(view, digest, time)) [[unlikely]] {
        drop_copy(digest);
        return {};
    }
    const Slot slot = find_live(digest, likely, time);
    if (slot != ConnectionTable::no_slot) [[likely]] {
        Connection& connection = table_[slot];
        if (connection.last_seen < control_until_) [[unlikely]]
            connection.flow |= flow::in_part;
        if (depth_ == tally::Depth::full) [[likely]] {
            Segment segment = segment_of(view, time);
            segment.from = side_of_source(connection, digest);
            if (predict(connection, segment, limits_)) [[likely]] {
                if (view.payload_length == 0 || services_ == nullptr) return {};
                return hear(connection, view, segment.from, time);
            }
        }
    }
    return take_unpredicted(slot, view, digest, time);
}

/// `slot`: of the connection, or no_slot. Apart from take(), so that what nearly every segment needs takes few
/// registers.
[[gnu::noinline]] Heard Tracker::take_unpredicted(Slot slot, const packet::PacketView& view, const Digest& digest,
                                                  Time time) {
    Segment segment = segment_of(view, time);
    if (slot == ConnectionTable::no_slot) {
        // At control depth what is no control segment shares a hash with a connection that is wanted.
        if (depth_ == tally::Depth::full || is_control(segment.flags))
            begin_entry(room_for(digest), view, digest, segment);
        return {};
    }
    Connection& connection = table_[slot];
    segment.from = side_of_source(connection, digest);
    const bool is_judged = limits_of(connection).every_segment || is_control(segment.flags);
    if (!is_judged && !wants_every_segment(connection)) return overhear(connection, view, segment.from, time);
    advance_entry(slot, view, digest, segment);
    if (segment.payload_length == 0 || !table_.is_used(slot)) return {};
    return hear(connection, view, segment.from, time);
}

/// The first payload of a direction begins right behind its initial sequence number, wherever else the connection
/// stands: that takes no memory. A RST may carry words (RFC 9293 section 3.5.2).
Heard Tracker::hear(const Connection& connection, const packet::PacketView& view, Side from, Time time) const {
    using namespace packet::tcp_flag;
    if (services_ == nullptr || !is_attempt(connection) || (view.tcp_flags & syn) != 0) return {};
    const bool wanted = (view.tcp_flags & rst) != 0 ? services_->wants_words(connection.server, time)
                                                    : view.sequence == connection.isn[tally::index(from)] + 1 &&
                                                          connection.has_any(seen::accepted | seen::synack) &&
                                                          services_->wants_payload(connection.server, time);
    return wanted ? Heard{&connection, from} : Heard{};
}

/// At depth "control": a segment that is looked up for its payload alone. What becomes of the connection must not
/// depend on that.
Heard Tracker::overhear(Connection& connection, const packet::PacketView& view, Side from, Time time) {
    const Heard heard = view.payload_length == 0 ? Heard{} : hear(connection, view, from, time);
    const std::size_t own = tally::index(from), other = 1 - own;
    const bool both_have_spoken =
        view.sequence != connection.isn[own] + 1 && view.acknowledgement != connection.isn[other] + 1;
    const bool is_long_past = after(view.sequence, connection.isn[own] + longest_wait);
    if (both_have_spoken || is_long_past || !wants_payload(connection, time)) stop_wanting(connection);
    return heard;
}

bool Tracker::wants_payload(const Connection& connection, Time time) const {
    return services_ != nullptr && is_open(connection) && services_->wants_payload(connection.server, time);
}

void Tracker::book_forgotten_segments() {
    tally_.losses().segments_forgotten += duplicates_.overflowed() - forgotten_booked_;
    forgotten_booked_ = duplicates_.overflowed();
}

void Tracker::drop_copy(const Digest& digest) {
    ++tally_.packets().duplicates;
    const Slot slot = table_.find(digest.value);
    if (slot != ConnectionTable::no_slot) table_[slot].seen |= seen::duplicate;
}

void Tracker::take_icmp(const packet::PacketView& view, const Digest& digest, Time time) {
    const Slot slot = find_live(digest, ConnectionTable::no_slot, time);
    if (slot == ConnectionTable::no_slot) return remember_icmp(view, digest, time);
    Connection& connection = table_[slot];
    const std::uint8_t before = connection.verdict;
    icmp_error(connection, time, side_of_source(connection, digest), view.sequence, view, limits_of(connection));
    book_verdict(connection, before, time);
    update(slot);
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
        const Side quoted =
            early.source_is_low == connection.flows(Side::client, flow::client_is_low) ? Side::client : Side::server;
        icmp_error(connection, time, quoted, early.view.sequence, early.view, limits_of(connection));
        book_verdict(connection, no_verdict, time);
        early.digest = 0;
        return;
    }
}

/// To be called when the phase or the deadline of an entry may have changed.
void Tracker::update(Slot slot) {
    table_.update(slot);
    if (depth_ == tally::Depth::full && !depth_may_change_) return;
    Connection& connection = table_[slot];
    const bool wanted = wants_every_segment(connection) ||
                        (depth_ == tally::Depth::control && wants_payload(connection, connection.last_seen));
    if (!wanted) return stop_wanting(connection);
    if (connection.flows(Side::client, flow::wanted)) return;
    connection.set_flow(Side::client, flow::wanted);
    wanted_.add(fold_of(connection));
}

void Tracker::stop_wanting(Connection& connection) {
    if (!connection.flows(Side::client, flow::wanted)) return;
    connection.clear_flow(Side::client, flow::wanted);
    wanted_.remove(fold_of(connection));
}

inline bool Tracker::is_due(Slot slot, Time time) const {
    return table_[slot].deadline - 1 < time;  // 0, which stands for none, is the largest number then
}

void Tracker::expire_due(Slot slot, Time time) {
    while (is_due(slot, time)) expire_entry(slot);
}

/// A deadline at or before this packet's time comes first.
inline Tracker::Slot Tracker::find_live(const Digest& digest, Slot likely, Time time) {
    const Slot slot = table_.holds(likely, digest.value) ? likely : table_.find(digest.value);
    if (slot == ConnectionTable::no_slot || !is_due(slot, time)) [[likely]]
        return slot;
    expire_due(slot, time);
    return table_.is_used(slot) ? slot : ConnectionTable::no_slot;
}

Tracker::Slot Tracker::room_for(const Digest& digest) {
    Slot slot = table_.choose(digest.value, open_);
    while (table_.is_used(slot) && table_.grow()) slot = table_.choose(digest.value, open_);
    if (!table_.is_used(slot)) return slot;
    Connection& victim = table_[slot];
    ++tally_.losses().connections_evicted;
    if (victim.phase != Phase::finished) {
        ++tally_.losses().connections_overflowed;
        victim.seen |= seen::evicted;
        settle(victim, outcome_as_it_stands(victim), victim.last_seen);
    }
    return slot;
}

void Tracker::begin_entry(Slot slot, const packet::PacketView& view, const Digest& digest, Segment& segment) {
    if (table_.is_used(slot)) stop_wanting(table_[slot]);
    Connection& connection = table_.occupy(slot, digest.value);
    const bool client_sent = sender_is_client(segment, view.source_port, view.destination_port);
    segment.from = client_sent ? Side::client : Side::server;
    // Not by a branch: which address is the lower one is anybody's guess.
    connection.flow |= static_cast<std::uint16_t>((digest.source_is_low == client_sent ? 1 : 0)
                                                  << std::countr_zero(flow::client_is_low));
    connection.client = {client_sent ? view.source : view.destination,
                         client_sent ? view.source_port : view.destination_port};
    connection.server = {client_sent ? view.destination : view.source,
                         client_sent ? view.destination_port : view.source_port};
    connection.vlan = view.vlan;
    connection.vlan_count = view.vlan_count;
    connection.tunnel = view.tunnel;
    connection.domain = digest.domain;
    begin(connection, segment, limits_of(connection));
    if (is_attempt(connection)) {
        tally_.attempt_begun();
        apply_early_icmp(connection, digest, segment.time);
    }
    update(slot);
    tally_.gauges().connections_used = table_.used();
}

void Tracker::advance_entry(Slot slot, const packet::PacketView& view, const Digest& digest, Segment& segment) {
    Connection& connection = table_[slot];
    const std::uint8_t verdict_before = connection.verdict;
    const Phase phase_before = connection.phase;
    const Time deadline_before = connection.deadline;
    const bool was_attempt = is_attempt(connection);
    const bool was_open = is_open(connection);
    const std::uint32_t sides_before = connection.seen & seen::sides;

    if (step(connection, segment, limits_of(connection)) == Step::new_attempt)
        return replace_entry(slot, view, digest, segment);
    if (connection.phase == phase_before && connection.deadline == deadline_before &&
        connection.verdict == verdict_before && (connection.seen & seen::sides) == sides_before)
        return;  // what nearly every data segment comes to
    book_sides(connection, sides_before);
    if (connection.has(seen::restarts) && connection.phase != phase_before) settle_replaced(connection, segment.time);
    if (!was_attempt && is_attempt(connection)) tally_.attempt_begun();
    book_changes(connection, was_open, verdict_before, segment.time);
    update(slot);
    expire_due(slot, segment.time);  // an answer that was early may be overdue already
}

/// A bank may end between the two bookings, and each bank adds up by itself: a verdict is of what is pending, so it is
/// withdrawn before its connection is open, and given after it has been.
void Tracker::book_changes(Connection& connection, bool was_open, std::uint8_t verdict_before, Time time) {
    if (verdict_before == no_verdict) {
        book_handshake(connection, was_open, time);
        book_verdict(connection, verdict_before, connection.verdict_time);
    } else {
        book_verdict(connection, verdict_before, connection.verdict == no_verdict ? time : connection.verdict_time);
        book_handshake(connection, was_open, time);
    }
}

/// The four-tuple begins another attempt. What becomes of a connection that was open shows in how that one fares.
void Tracker::replace_entry(Slot slot, const packet::PacketView& view, const Digest& digest, Segment& segment) {
    Connection& connection = table_[slot];
    const bool by_client = side_of_source(connection, digest) == Side::client;
    const bool restarts = by_client && is_open(connection) && !connection.has_any(seen::both_fins);
    if (restarts) {
        replaced_.remember(connection, [&](Connection& oldest) { settle(oldest, Outcome::open, segment.time); });
    } else if (connection.phase != Phase::finished) {
        settle(connection, outcome_when_replaced(connection), segment.time);
    }
    begin_entry(slot, view, digest, segment);
    if (restarts) table_[slot].seen |= seen::restarts;
}

void Tracker::settle_replaced(Connection& successor, Time time) {
    successor.seen &= ~seen::restarts;
    const bool given_up = successor.has(seen::challenged | seen::client_rst);
    replaced_.take(successor.digest, [&](Connection& connection) {
        settle(connection, given_up ? Outcome::client_restarted : Outcome::open, time);
    });
}

void Tracker::book_sides(const Connection& connection, std::uint32_t before) {
    tally::OutcomeTotals& totals = tally_.outcomes();
    const bool both = connection.has(seen::client_packet | seen::server_packet);
    const bool were_both =
        (before & (seen::client_packet | seen::server_packet)) == (seen::client_packet | seen::server_packet);
    if (both && !were_both) {
        ++totals.two_sided;
        if (before & seen::one_sided) --totals.one_sided[(before & seen::client_packet) != 0 ? 0 : 1];
    } else if (!both && connection.has(seen::one_sided) && (before & seen::one_sided) == 0) {
        ++totals.one_sided[connection.has(seen::client_packet) ? 0 : 1];
    }
}

void Tracker::book_handshake(Connection& connection, bool was_open, Time time) {
    const bool open = is_open(connection);
    if (open && !connection.has(seen::accepted)) {
        connection.seen |= seen::accepted;
        tally_.accepted(sighting_of(connection, tally::accepted_kind, time));
    }
    if (open == was_open) return;
    tally_.gauges().open += open ? 1 : -1;
    tally_.gauges().pending += open ? -1 : 1;
}

void Tracker::book_verdict(Connection& connection, std::uint8_t before, Time time) {
    if (connection.verdict == before) return;
    if (before == no_verdict) {
        const tally::Sighting sighting = sighting_of(connection, connection.verdict, time);
        connection.verdict_interval = tally_.interval();
        connection.verdict_hops = sighting.hops;
        tally_.first_verdict(sighting);
        return;
    }
    tally::Revision revision;
    revision.given_in = connection.verdict_interval;
    revision.server = connection.server;
    revision.client = connection.client;
    revision.hops = connection.verdict_hops;
    revision.from = static_cast<Outcome>(before);
    revision.to = connection.outcome();
    revision.time = time;
    tally_.revise(revision);
}

void Tracker::expire_entry(Slot slot) {
    Connection& connection = table_[slot];
    const std::uint8_t before = connection.verdict;
    const Time due = connection.deadline;
    const Expiry expiry = expire(connection, limits_of(connection));
    book_verdict(connection, before, due);
    if (expiry == Expiry::final || expiry == Expiry::final_gone) finalize(connection, *connection.outcome());
    if (expiry == Expiry::final_gone || expiry == Expiry::gone) {
        stop_wanting(connection);
        table_.release(slot);
        tally_.gauges().connections_used = table_.used();
    } else {
        update(slot);
    }
}

/// Ends the connection, without freeing its entry.
void Tracker::settle(Connection& connection, Outcome outcome, Time time) {
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
    if (tally::AttemptRecord* record = tally_.finalize(outcome, is_attempt(connection)))
        fill_record(connection, outcome, *record);
}

void Tracker::advance_to(tally::Interval interval) {
    // Intervals in which nothing is due are passed in one step: a capture may span decades.
    for (tally::Interval next = open_; next < interval && !table_.nothing_due_ever(); ++next) {
        if (table_.nothing_due(next)) continue;
        if (next != open_) tally_.open(next);
        table_.sweep(next, [this](Slot slot) { expire_entry(slot); });
    }
    book_forgotten_segments();
    open_ = interval;
    tally_.open(interval);
}

void Tracker::sweep_ahead(Time now) {
    // Of 2^20 slots a sixteenth: some microseconds.
    constexpr std::size_t slots = 65536;
    if (tally::interval_of(now) == open_)
        table_.sweep_ahead(open_, now, slots, [this](Slot slot) { expire_entry(slot); });
}

void Tracker::finish(Time now) {
    replaced_.take_all([&](Connection& connection) { settle(connection, Outcome::open, now); });
    for (Slot slot = 0; slot < table_.capacity(); ++slot) {
        if (!table_.is_used(slot)) continue;
        expire_due(slot, now);
        if (!table_.is_used(slot)) continue;
        Connection& connection = table_[slot];
        if (connection.phase != Phase::finished) settle(connection, outcome_as_it_stands(connection), now);
        table_.release(slot);
    }
    tally_.gauges().connections_used = 0;
    book_forgotten_segments();
}

}  // namespace rstwatch::tcp
