// SPDX-License-Identifier: Apache-2.0
#include "dataplane/burst_pipeline.h"

#include <rte_mbuf.h>

#include <algorithm>
#include <thread>

#include "dataplane/fragments.h"
#include "dataplane/port/packet_stamp.h"
#include "dataplane/port/symmetric_rss.h"
#include "dataplane/port/wire_lengths.h"

namespace rstwatch {
namespace {

/// How many packets ahead their headers are fetched: about as long as parsing takes a cache miss to come back.
constexpr std::size_t header_prefetch = 4;

void count_flags(tally::PacketTotals& totals, std::uint8_t flags) {
    using namespace packet::tcp_flag;
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
      tracker_(setup.connections, setup.limits, setup.duplicates, tally_, services_.get()) {}

void BurstPipeline::take_received(const Arrival* arrivals, std::size_t count_of) {
    std::array<rte_mbuf*, max_burst> done;
    unsigned done_count = 0;
    const std::uint64_t captured = parse_all<true>(arrivals, count_of);
    prefetch_entries(count_of);
    for (std::size_t i = 0; i < count_of; ++i) {
        const Parsed& parsed = parsed_[i];
        const tally::Time time = clock_in(arrivals[i].time);
        count(parsed.view, arrivals[i].time, time);
        if (parsed.view.trackable) {
            if (forward(arrivals[i], parsed.view, time)) continue;
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
    prefetch_entries(count_of);
    for (std::size_t i = 0; i < count_of; ++i) {
        const tally::Time time = clock_in(arrivals[i].time);
        if (parsed_[i].view.trackable) take(arrivals[i], parsed_[i], time);
        done[i] = arrivals[i].packet;
    }
    rte_pktmbuf_free_bulk(done.data(), static_cast<unsigned>(count_of));
}

inline void BurstPipeline::take(const Arrival& arrival, const Parsed& parsed, tally::Time time) {
    const tcp::Heard heard = tracker_.take(parsed.view, parsed.digest, time);
    if (heard.connection != nullptr) [[unlikely]]
        hear(arrival, parsed, heard, time);
}

/// What lies beyond the first buffer, or was cut by the capture, goes unheard.
[[gnu::noinline]] void BurstPipeline::hear(const Arrival& arrival, const Parsed& parsed, const tcp::Heard& heard,
                                           tally::Time time) {
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
    for (std::size_t i = 0; i < std::min(header_prefetch, count_of); ++i)
        __builtin_prefetch(rte_pktmbuf_mtod(arrivals[i].packet, const void*));
    for (std::size_t i = 0; i < count_of; ++i) {
        if (i + header_prefetch < count_of)
            __builtin_prefetch(rte_pktmbuf_mtod(arrivals[i + header_prefetch].packet, const void*));
        rte_mbuf* packet = arrivals[i].packet;
        Parsed& parsed = parsed_[i];
        // Headers lie in the first segment, which holds more than any chain of them.
        const std::size_t length = packet->pkt_len;
        const packet::Frame frame{arrivals[i].link, rte_pktmbuf_mtod(packet, const std::uint8_t*), packet->data_len,
                                  length, length < arrivals[i].uncut_below ? length : packet::unknown_length};
        packet::parse(frame, tunnels_, parsed.view);
        captured += packet->data_len;
        if (received && parsed.view.wire_length > length) [[unlikely]]
            doubt_length(arrivals[i], frame, parsed.view);
        now = std::max(now, arrivals[i].time);
        if (received && parsed.view.packet_class == tally::PacketClass::fragment) [[unlikely]]
            take_fragment(arrivals[i].link, packet, reassembler_, tunnels_, parsed.view, now);
        if (!parsed.view.trackable) continue;
        parsed.digest = tcp::digest(parsed.view, tcp::domain_of(parsed.view, domain_), secret_);
        if (tracker_.concerns(parsed.view, parsed.digest)) tracker_.prefetch_set(parsed.view, parsed.digest);
    }
    return captured;
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

void BurstPipeline::prefetch_entries(std::size_t count_of) {
    for (std::size_t i = 0; i < count_of; ++i)
        if (parsed_[i].view.trackable && tracker_.concerns(parsed_[i].view, parsed_[i].digest))
            tracker_.prefetch_entry(parsed_[i].view, parsed_[i].digest);
}

/// The clock is the running maximum of the stamps.
tally::Time BurstPipeline::clock_in(tally::Time stamp) {
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

void BurstPipeline::count(const packet::PacketView& view, tally::Time stamp, tally::Time time) {
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
    if (cores_ == 1) return false;
    const unsigned owner = port::owner_of(port::symmetric_rss_hash(view), cores_);
    if (owner == core_) return false;
    port::set_stamp(arrival.packet, time);
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
