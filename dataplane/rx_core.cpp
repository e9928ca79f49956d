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

/// `idle_polls`: polls in a row that brought nothing.
void rest(unsigned idle_polls) {
    if (idle_polls < idle_polls_before_sleep) return;
    const bool long_silence = idle_polls >= idle_polls_before_sleep + sleeps_before_longest;
    std::this_thread::sleep_for(long_silence ? longest_sleep : shortest_sleep);
}

packet::LinkType link_of(const std::vector<port::Port>& ports, const rte_mbuf* packet) {
    for (const port::Port& port : ports)
        if (port.id == packet->port) return port.link;
    return ports.front().link;
}

}  // namespace

RxCore::RxCore(const Setup& setup) : setup_(setup), core_(setup.pipeline.core), pipeline_(setup.pipeline) {}

void RxCore::run_live() {
    unsigned idle_polls = 0;
    while (!stopped()) {
        pipeline_.advance_clock(clock_.now());
        if (poll_queues() + drain_lanes() > 0) {
            idle_polls = 0;
        } else if (setup_.sleep_when_idle) {
            rest(idle_polls++);
        }
    }
    pipeline_.finish(clock_.now());
}

std::size_t RxCore::poll_queues() {
    std::array<rte_mbuf*, BurstPipeline::max_burst> packets;
    std::array<Arrival, BurstPipeline::max_burst> arrivals;
    std::size_t total = 0;
    for (const port::Port& port : *setup_.ports) {
        if (core_ >= port.queues) continue;
        const std::size_t count = rte_eth_rx_burst(port.id, static_cast<std::uint16_t>(core_), packets.data(),
                                                   static_cast<std::uint16_t>(setup_.burst));
        if (count == 0) continue;
        for (std::size_t i = 0; i < count; ++i)
            arrivals[i] = Arrival{packets[i], pipeline_.now(), port.link, port.uncut_below};
        pipeline_.take_received(arrivals.data(), count);
        total += count;
    }
    return total;
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
            arrivals[count++] = Arrival{packet, port::stamp_of(packet), link_of(*setup_.ports, packet)};
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
