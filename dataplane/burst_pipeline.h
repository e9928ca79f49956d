// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "dataplane/forward_lanes.h"
#include "dataplane/identify/identifier.h"
#include "dataplane/packet/packet_view.h"
#include "dataplane/packet/reassembly.h"
#include "dataplane/packet/tunnel_ports.h"
#include "dataplane/tally/core_status.h"
#include "dataplane/tally/core_tally.h"
#include "dataplane/tcp/four_tuple.h"
#include "dataplane/tcp/tracker.h"

struct rte_mbuf;

namespace rstwatch::port {
class WireLengths;
}

namespace rstwatch {

/// A packet on its way in.
struct Arrival {
    rte_mbuf* packet;
    tally::Time time;
    packet::LinkType link;
    std::size_t uncut_below = 0;                ///< shorter ones are as they were on the wire
    bool spread = false;                        ///< by the NIC, over the cores
    port::WireLengths* wire_lengths = nullptr;  ///< of the capture that it is packet `number` of
    std::uint64_t number = 0;
};

/// What one core does with a burst of packets: parse all, hash and prefetch, then judge one after the other in the
/// order of time. Owned by that core.
class BurstPipeline {
  public:
    static constexpr std::size_t max_burst = tcp::Tracker::longest_burst;

    struct Setup {
        unsigned core;
        tally::WhenFull when_full;  ///< also for the lanes to other cores
        tcp::TableSize connections;
        tcp::Limits limits;
        tcp::DuplicateLimits duplicates;
        tcp::HashSecret secret;
        bool depth_may_change;  ///< set_depth() will be called
        tcp::DomainBy domain;
        packet::TunnelPorts tunnels;
        std::size_t datagrams;                     ///< in fragments, at a time
        const identify::SignatureSet* signatures;  ///< null: nothing is identified
        identify::KnownServices::Setup services;
        std::size_t waiting;  ///< connections of which one direction has been heard
        tally::BankExchange* exchange;
        ForwardLanes* lanes;
        tally::CoreStatus* status;
    };

    explicit BurstPipeline(const Setup& setup);

    /// Packets that this core received, at most max_burst; frees them or passes them on to their owners.
    void take_received(const Arrival* arrivals, std::size_t count);

    /// Packets that other cores received and this one owns: counted there, followed here.
    void take_forwarded(const Arrival* arrivals, std::size_t count);

    /// How much is looked up from now on (Setup::depth_may_change).
    void set_depth(tally::Depth depth);

    /// Lets the clock reach `time` without a packet.
    void advance_clock(tally::Time time);

    /// What is better done now than all at once when an interval ends; to be called now and then.
    void keep_house() { tracker_.sweep_ahead(now_); }

    /// Settles everything at `last`, hands the last bank over.
    void finish(tally::Time last);

    tally::Time now() const { return now_; }

  private:
    template <bool received>
    std::uint64_t parse_all(const Arrival* arrivals, std::size_t count);
    bool dismiss(const packet::Frame& frame, std::uint64_t met, packet::PacketView& view) const;
    void note_reassembly();
    void note_losses();
    void doubt_length(const Arrival& arrival, packet::Frame frame, packet::PacketView& view) const;
    tally::Time clock_in(tally::Time stamp);
    void count(const packet::PacketView& view, tally::Time stamp, tally::Time time);
    void take(const Arrival& arrival, const tcp::ParsedPacket& parsed, tally::Time time);
    void hear(const Arrival& arrival, const tcp::ParsedPacket& parsed, const tcp::Heard& heard, tally::Time time);
    void note_misdirected(const packet::PacketView& view);
    bool forward(const Arrival& arrival, const packet::PacketView& view, tally::Time time);

    unsigned core_;
    unsigned cores_;
    tally::WhenFull when_full_;
    tcp::HashSecret secret_;
    tcp::DomainBy domain_;
    packet::TunnelPorts tunnels_;
    packet::Reassembler reassembler_;
    packet::Reassembler::Counts noted_;  // of these, what has been counted
    ForwardLanes& lanes_;
    tally::CoreStatus& status_;
    tally::CoreTally tally_;
    std::unique_ptr<identify::KnownServices> services_;  // null where nothing is identified
    std::unique_ptr<identify::Identifier> identifier_;   // likewise
    tcp::Tracker tracker_;
    tally::Time now_ = 0;
    tally::Time interval_end_ = 0;
    std::array<tcp::ParsedPacket, max_burst> parsed_;
};

}  // namespace rstwatch
