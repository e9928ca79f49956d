// SPDX-License-Identifier: Apache-2.0
#include "dataplane/rx_core.h"

#include <rte_ethdev.h>

#include <chrono>
#include <thread>

#include "dataplane/port/packet_stamp.h"
#include "dataplane/replay_source.h"

namespace rstwatch {
namespace {

/// Sleeps grow with the silence, up to what a queue of 4096 descriptors bridges at 14.88 M packets/s (275 µs).
constexpr std::chrono::microseconds shortest_sleep(20);
constexpr std::chrono::microseconds longest_sleep(200);
constexpr unsigned idle_polls_before_sleep = 64;
constexpr unsigned sleeps_before_longest = 64;
/// Rounds between two looks at what is not of packets: 51 ms of the longest sleeps.
constexpr unsigned rounds_between_housekeeping = 256;

/// `idle_polls`: polls in a row that brought nothing.
void rest(unsigned idle_polls) {
    if (idle_polls < idle_polls_before_sleep) return;
    const bool long_silence = idle_polls >= idle_polls_before_sleep + sleeps_before_longest;
    std::this_thread::sleep_for(long_silence ? longest_sleep : shortest_sleep);
}

}  // namespace

RxCore::RxCore(const Setup& setup)
    : setup_(setup),
      core_(setup.pipeline.core),
      pipeline_(setup.pipeline),
      clock_(setup.clock),
      account_(*setup.pipeline.status),
      governor_(setup.descriptors / 2) {}

void RxCore::run_live() {
    unsigned idle_polls = 0;
    while (!stopped()) {
        for (unsigned round = 0; round < rounds_between_housekeeping; ++round) poll_round(idle_polls);
        account_.publish();
        pipeline_.keep_house();
    }
    pipeline_.finish(clock_.now());
}

void RxCore::poll_round(unsigned& idle_polls) {
    const tally::Time now = clock_.now();
    account_.begin(now);
    pipeline_.advance_clock(now);
    const bool more = poll_queues();
    account_.forwarded(drain_lanes());
    if (setup_.pipeline.depth_may_change) govern_depth(more, now);
    if (account_.brought()) {
        idle_polls = 0;
    } else if (setup_.adaptive) {
        rest(idle_polls++);
    }
}

/// True if a queue may hold more than what was taken.
bool RxCore::poll_queues() {
    bool more = false;
    std::array<rte_mbuf*, BurstPipeline::max_burst> packets;
    std::array<Arrival, BurstPipeline::max_burst> arrivals;
    for (port::Port& port : *setup_.ports) {
        if (core_ >= port.queues || !port.gate.lets_in(core_)) continue;
        // Where this core receives what others own, packets that they cannot take yet wait in the port's ring: it is
        // the larger one, and what finds no room there is counted by the port.
        const bool spreads = port.has_rss && port.queues == setup_.pipeline.lanes->cores();
        if (!spreads && !lanes_have_room()) continue;
        const std::size_t count = rte_eth_rx_burst(port.id, static_cast<std::uint16_t>(core_), packets.data(),
                                                   static_cast<std::uint16_t>(setup_.burst));
        account_.polled(count);
        more |= count == setup_.burst;
        if (count == 0) continue;
        for (std::size_t i = 0; i < count; ++i)
            arrivals[i] = Arrival{packets[i], pipeline_.now(), port.link, port.uncut_below, port.has_rss};
        pipeline_.take_received(arrivals.data(), count);
    }
    return more;
}

void RxCore::govern_depth(bool more, tally::Time now) {
    governor_.note(account_.packets(), more, now);
    if (governor_.is_behind()) [[unlikely]] {
        if (!queues_fill()) return governor_.stay();
        governor_.fall(now);
        pipeline_.set_depth(tally::Depth::control);
    } else if (governor_.may_return(now)) [[unlikely]] {
        pipeline_.set_depth(tally::Depth::full);
    }
}

/// True if a queue is half full, or if its driver cannot tell.
bool RxCore::queues_fill() const {
    for (const port::Port& port : *setup_.ports) {
        if (core_ >= port.queues) continue;
        const int waiting = rte_eth_rx_queue_count(port.id, static_cast<std::uint16_t>(core_));
        if (waiting < 0 || static_cast<std::size_t>(waiting) >= setup_.descriptors / 2) return true;
    }
    return false;
}

/// For a burst, whoever owns it.
bool RxCore::lanes_have_room() {
    for (unsigned to = 0; to < setup_.pipeline.lanes->cores(); ++to)
        if (to != core_ && !setup_.pipeline.lanes->lane(core_, to).ring.has_room(setup_.burst)) return false;
    return true;
}

/// Packets that other cores received for this one, a burst from each.
std::size_t RxCore::drain_lanes() {
    std::array<Arrival, BurstPipeline::max_burst> arrivals;
    std::size_t total = 0;
    for (unsigned from = 0; from < setup_.pipeline.lanes->cores(); ++from) {
        if (from == core_) continue;
        ForwardLane& lane = setup_.pipeline.lanes->lane(from, core_);
        std::size_t count = 0;
        while (count < setup_.burst) {
            rte_mbuf* packet = lane.ring.pop();
            if (packet == nullptr) break;
            arrivals[count++] = Arrival{packet, port::stamp_of(packet), port::link_of(packet)};
        }
        if (count > 0) pipeline_.take_forwarded(arrivals.data(), count);
        total += count;
    }
    return total;
}

void RxCore::run_replay() {
    if (core_ == 0) {
        read_captures();
    } else {
        follow_forwarded();
    }
    pipeline_.finish(pipeline_.now());
}

void RxCore::read_captures() {
    ReplaySource source(*setup_.ports, setup_.burst);
    std::array<Arrival, BurstPipeline::max_burst> arrivals;
    while (!stopped()) {
        const std::size_t count = source.next(arrivals.data());
        if (count == 0) break;
        pipeline_.take_received(arrivals.data(), count);
        publish_clock(false);
    }
    damage_ = source.damage();
    publish_clock(true);
}

void RxCore::publish_clock(bool ended) {
    for (unsigned to = 1; to < setup_.pipeline.lanes->cores(); ++to) {
        ForwardLane& lane = setup_.pipeline.lanes->lane(0, to);
        // release: whoever sees this time also sees every packet pushed before it.
        lane.pushed_until.store(pipeline_.now(), std::memory_order_release);
        if (ended) lane.ended.store(true, std::memory_order_release);
    }
}

/// The reader's clock is read before the ring: when the ring is then empty, that clock has been reached here too.
void RxCore::follow_forwarded() {
    ForwardLane& lane = setup_.pipeline.lanes->lane(0, core_);
    for (;;) {
        const bool ended = lane.ended.load(std::memory_order_acquire);
        const tally::Time until = lane.pushed_until.load(std::memory_order_acquire);
        while (drain_lanes() > 0) {
        }
        if (until > 0) pipeline_.advance_clock(until);
        if (ended) return;
        std::this_thread::sleep_for(shortest_sleep);
    }
}

}  // namespace rstwatch
