// SPDX-License-Identifier: Apache-2.0
#include "dataplane/burst_pipeline.h"

#include <rte_mbuf.h>

#include <algorithm>
#include <thread>

#include "dataplane/port/packet_stamp.h"
#include "dataplane/port/symmetric_rss.h"

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
      lanes_(*setup.lanes),
      status_(*setup.status),
      tally_(*setup.exchange, setup.when_full),
      tracker_(setup.connections, setup.limits, tally_) {}

void BurstPipeline::take_received(const Arrival* arrivals, std::size_t count_of) {
    std::array<rte_mbuf*, max_burst> done;
    unsigned done_count = 0;
    std::uint64_t captured = 0;
    parse_all(arrivals, count_of);
    prefetch_entries(count_of);
    for (std::size_t i = 0; i < count_of; ++i) {
        const Parsed& parsed = parsed_[i];
        const tally::Time time = clock_in(arrivals[i].time);
        count(parsed.view, arrivals[i].time, time);
        captured += arrivals[i].packet->data_len;
        if (parsed.view.trackable) {
            if (forward(arrivals[i], parsed.view, time)) continue;
            tracker_.take(parsed.view, parsed.digest, time);
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
    parse_all(arrivals, count_of);
    prefetch_entries(count_of);
    for (std::size_t i = 0; i < count_of; ++i) {
        tracker_.take(parsed_[i].view, parsed_[i].digest, clock_in(arrivals[i].time));
        done[i] = arrivals[i].packet;
    }
    rte_pktmbuf_free_bulk(done.data(), static_cast<unsigned>(count_of));
}

void BurstPipeline::parse_all(const Arrival* arrivals, std::size_t count_of) {
    for (std::size_t i = 0; i < std::min(header_prefetch, count_of); ++i)
        __builtin_prefetch(rte_pktmbuf_mtod(arrivals[i].packet, const void*));
    for (std::size_t i = 0; i < count_of; ++i) {
        if (i + header_prefetch < count_of)
            __builtin_prefetch(rte_pktmbuf_mtod(arrivals[i + header_prefetch].packet, const void*));
        const rte_mbuf* packet = arrivals[i].packet;
        Parsed& parsed = parsed_[i];
        // Headers lie in the first segment, which holds more than any chain of them.
        packet::parse(arrivals[i].link, rte_pktmbuf_mtod(packet, const std::uint8_t*), packet->data_len,
                      packet->pkt_len, parsed.view);
        if (!parsed.view.trackable) continue;
        parsed.digest = tcp::digest(parsed.view, 0, secret_);
        tracker_.prefetch_set(parsed.digest);
    }
}

void BurstPipeline::prefetch_entries(std::size_t count_of) {
    for (std::size_t i = 0; i < count_of; ++i)
        if (parsed_[i].view.trackable) tracker_.prefetch_entry(parsed_[i].digest);
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

void BurstPipeline::finish(tally::Time last) {
    advance_clock(last);
    tracker_.finish(now_);
    tally_.finish();
}

}  // namespace rstwatch
