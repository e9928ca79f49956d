// SPDX-License-Identifier: Apache-2.0
#include "dataplane/burst_pipeline.h"

#include <rte_mbuf.h>

#include <algorithm>
#include <span>
#include <thread>

#include "dataplane/fragments.h"
#include "dataplane/packet/parser.h"
#include "dataplane/port/packet_stamp.h"
#include "dataplane/port/symmetric_rss.h"
#include "dataplane/port/wire_lengths.h"

namespace rstwatch {
namespace {

/// How many packets ahead their headers are fetched: about as long as parsing takes a cache miss to come back.
constexpr std::size_t header_prefetch = 4;

void count_flags(tally::PacketTotals& totals, std::uint8_t flags) {
    using namespace packet::tcp_flag;
    if ((flags & ~psh) == ack) [[likely]]
        return;
    const bool with_ack = flags & ack;
    totals.syn += (flags & syn) && !with_ack;
    totals.syn_ack += (flags & syn) && with_ack;
    totals.rst += (flags & rst) && !with_ack;
    totals.rst_ack += (flags & rst) && with_ack;
    totals.fin += (flags & fin) != 0;
    totals.null += flags == 0;
    totals.xmas += (flags & (fin | psh | urg)) == (fin | psh | urg) && !with_ack;
}

}  // namespace

BurstPipeline::BurstPipeline(const Setup& setup)
    : core_(setup.core),
      cores_(setup.lanes->cores()),
      when_full_(setup.when_full),
      secret_(setup.secret),
      domain_(setup.domain),
      tunnels_(setup.tunnels),
      reassembler_(setup.datagrams, setup.secret.words[0]),
      lanes_(*setup.lanes),
      status_(*setup.status),
      tally_(*setup.exchange, setup.when_full),
      services_(setup.signatures == nullptr ? nullptr : std::make_unique<identify::KnownServices>(setup.services)),
      identifier_(setup.signatures == nullptr
                      ? nullptr
                      : std::make_unique<identify::Identifier>(*setup.signatures, *services_, setup.waiting, tally_)),
      tracker_(setup.connections, setup.limits, setup.duplicates, tally_, services_.get(), setup.depth_may_change) {
    status_.at_control_depth.store(tracker_.depth() == tally::Depth::control, std::memory_order_relaxed);
}

void BurstPipeline::set_depth(tally::Depth depth) {
    tracker_.set_depth(depth, now_);
    status_.at_control_depth.store(depth == tally::Depth::control, std::memory_order_relaxed);
    tally::add(status_.falls, depth == tally::Depth::control ? 1 : 0);
}

void BurstPipeline::take_received(const Arrival* arrivals, std::size_t count_of) {
    std::array<rte_mbuf*, max_burst> done;
    unsigned done_count = 0;
    const std::uint64_t captured = parse_all<true>(arrivals, count_of);
    tracker_.fetch(std::span(parsed_).first(count_of));
    for (std::size_t i = 0; i < count_of; ++i) {
        const tcp::ParsedPacket& parsed = parsed_[i];
        const tally::Time time = clock_in(arrivals[i].time);
        count(parsed.view, arrivals[i].time, time);
        if (parsed.view.trackable) {
            if (cores_ != 1 && forward(arrivals[i], parsed.view, time)) continue;
            take(arrivals[i], parsed, time);
        }
        done[done_count++] = arrivals[i].packet;
    }
    rte_pktmbuf_free_bulk(done.data(), done_count);
    tally::add(status_.received, count_of);
    tally::add(status_.captured_bytes, captured);
    tally::add(status_.bursts, 1);
    status_.waits.store(tally_.waits(), std::memory_order_relaxed);
}

void BurstPipeline::take_forwarded(const Arrival* arrivals, std::size_t count_of) {
    std::array<rte_mbuf*, max_burst> done;
    parse_all<false>(arrivals, count_of);
    tracker_.fetch(std::span(parsed_).first(count_of));
    for (std::size_t i = 0; i < count_of; ++i) {
        const tally::Time time = clock_in(arrivals[i].time);
        if (parsed_[i].view.trackable) take(arrivals[i], parsed_[i], time);
        done[i] = arrivals[i].packet;
    }
    rte_pktmbuf_free_bulk(done.data(), static_cast<unsigned>(count_of));
}

inline void BurstPipeline::take(const Arrival& arrival, const tcp::ParsedPacket& parsed, tally::Time time) {
    const tcp::Heard heard = tracker_.take(parsed, time);
    if (heard.connection != nullptr) [[unlikely]]
        hear(arrival, parsed, heard, time);
}

/// What lies beyond the first buffer, or was cut by the capture, goes unheard.
[[gnu::noinline]] void BurstPipeline::hear(const Arrival& arrival, const tcp::ParsedPacket& parsed,
                                           const tcp::Heard& heard, tally::Time time) {
    const std::size_t at = parsed.view.payload_at;
    const std::size_t length = arrival.packet->data_len;
    if (at >= length) return;
    const identify::Payload payload{rte_pktmbuf_mtod(arrival.packet, const std::uint8_t*) + at,
                                    std::min<std::size_t>(parsed.view.payload_length, length - at)};
    const bool is_reset = (parsed.view.tcp_flags & packet::tcp_flag::rst) != 0;
    identifier_->hear(
        {heard.connection->server, heard.connection->client, parsed.digest.value, heard.from, is_reset, payload, time});
}

/// Returns the bytes in the first buffers, which is what there was of nearly all packets.
template <bool received>
std::uint64_t BurstPipeline::parse_all(const Arrival* arrivals, std::size_t count_of) {
    tally::Time now = now_;
    std::uint64_t captured = 0;
    const bool at_control_depth = tracker_.depth() == tally::Depth::control;
    std::uint64_t met = 0;  // tuples of packets before in this burst, which may yet make their connection wanted
    for (std::size_t i = 0; i < std::min(header_prefetch, count_of); ++i)
        __builtin_prefetch(rte_pktmbuf_mtod(arrivals[i].packet, const void*));
    for (std::size_t i = 0; i < count_of; ++i) {
        if (i + header_prefetch < count_of)
            __builtin_prefetch(rte_pktmbuf_mtod(arrivals[i + header_prefetch].packet, const void*));
        rte_mbuf* packet = arrivals[i].packet;
        tcp::ParsedPacket& parsed = parsed_[i];
        // Headers lie in the first segment, which holds more than any chain of them.
        const std::size_t length = packet->pkt_len;
        const packet::Frame frame{arrivals[i].link, rte_pktmbuf_mtod(packet, const std::uint8_t*), packet->data_len,
                                  length, length < arrivals[i].uncut_below ? length : packet::unknown_length};
        captured += packet->data_len;
        now = std::max(now, arrivals[i].time);
        if (at_control_depth && dismiss(frame, met, parsed.view)) continue;
        packet::parse(frame, tunnels_, parsed.view);
        if (received && parsed.view.wire_length > length) [[unlikely]]
            doubt_length(arrivals[i], frame, parsed.view);
        if (received && parsed.view.packet_class == tally::PacketClass::fragment) [[unlikely]]
            take_fragment(arrivals[i].link, packet, reassembler_, tunnels_, parsed.view, now);
        if (!parsed.view.trackable) continue;
        if (at_control_depth) met |= packet::fold_of(parsed.view).bit();
        parsed.digest = tcp::digest(parsed.view, tcp::domain_of(parsed.view, domain_), secret_);
        tracker_.prefetch(parsed.digest);
    }
    return captured;
}

/// True for a segment that neither this core nor another one wants, which at control depth is nearly every one: `view`
/// has then what is to be counted of it.
inline bool BurstPipeline::dismiss(const packet::Frame& frame, std::uint64_t met, packet::PacketView& view) const {
    packet::PlainSegment segment;
    if (!packet::parse_plain_segment(frame, segment) || tracker_.wants(segment)) return false;
    if ((met & segment.tuple.bit()) != 0) return false;
    if (cores_ != 1 && port::owner_of(port::symmetric_rss_hash(segment.tuple), cores_) != core_) return false;
    packet::view_to_count(segment, view);
    return true;
}

/// A packet that says to be longer than what was captured of it: cut by the capture, or malformed.
[[gnu::noinline]] void BurstPipeline::doubt_length(const Arrival& arrival, packet::Frame frame,
                                                   packet::PacketView& view) const {
    if (arrival.wire_lengths == nullptr) return;
    const std::optional<std::uint32_t> on_wire = arrival.wire_lengths->length_of(arrival.number);
    if (!on_wire || view.wire_length <= *on_wire) return;
    frame.on_wire = std::max<std::size_t>(*on_wire, frame.captured);
    packet::parse(frame, tunnels_, view);
}

/// The clock is the running maximum of the stamps.
inline tally::Time BurstPipeline::clock_in(tally::Time stamp) {
    if (stamp > now_ || interval_end_ == 0) advance_clock(stamp);
    return now_;
}

void BurstPipeline::advance_clock(tally::Time time) {
    if (time < now_) return;
    now_ = time;
    if (time < interval_end_) return;
    const tally::Interval interval = tally::interval_of(time);
    reassembler_.expire(time);
    note_losses();
    tracker_.advance_to(interval);
    interval_end_ = tally::interval_start(interval + 1);
}

inline void BurstPipeline::count(const packet::PacketView& view, tally::Time stamp, tally::Time time) {
    tally::PacketTotals& totals = tally_.packets();
    ++totals.received;
    totals.bytes += view.wire_length;
    ++totals.by_class[static_cast<std::size_t>(view.packet_class)];
    totals.time_backwards += stamp < time;
    if (view.packet_class == tally::PacketClass::tcp) count_flags(totals, view.tcp_flags);
    tally_.note_packet_time(time);
}

/// True if the packet has left for another core, or was lost on the way, counted.
bool BurstPipeline::forward(const Arrival& arrival, const packet::PacketView& view, tally::Time time) {
    const unsigned owner = port::owner_of(port::symmetric_rss_hash(view), cores_);
    if (owner == core_) return false;
    if (arrival.spread) note_misdirected(view);
    port::set_stamp(arrival.packet, time);
    port::set_link(arrival.packet, arrival.link);
    ForwardLane& lane = lanes_.lane(core_, owner);
    while (!lane.ring.push(arrival.packet)) {
        if (when_full_ == tally::WhenFull::lose) {
            ++tally_.losses().forward_dropped;
            rte_pktmbuf_free(arrival.packet);
            return true;
        }
        std::this_thread::yield();
    }
    tally::add(status_.forwarded, 1);
    return true;
}

/// A NIC that spreads plain TCP segments as the cores do has no reason to give one to another core. SYNs and SYN-ACKs
/// stand for connections whose directions would not meet.
void BurstPipeline::note_misdirected(const packet::PacketView& view) {
    const bool plain = view.packet_class == tally::PacketClass::tcp && view.tunnel == tally::Tunnel::none;
    if (plain && (view.tcp_flags & packet::tcp_flag::syn) != 0) tally::add(status_.misdirected, 1);
}

/// Into the bank that is open, at the latest when it is about to be handed over.
void BurstPipeline::note_losses() {
    note_reassembly();
    if (identifier_ != nullptr) identifier_->book_losses();
}

void BurstPipeline::note_reassembly() {
    const packet::Reassembler::Counts& counts = reassembler_.counts();
    tally::Losses& losses = tally_.losses();
    losses.datagrams_timed_out += counts.timed_out - noted_.timed_out;
    losses.datagrams_evicted += counts.evicted - noted_.evicted;
    tally_.packets().datagrams += counts.completed - noted_.completed;
    tally_.gauges().datagrams_used = reassembler_.used();
    noted_ = counts;
}

void BurstPipeline::finish(tally::Time last) {
    advance_clock(last);
    note_losses();
    tracker_.finish(now_);
    tally_.finish();
}

}  // namespace rstwatch
