// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <unordered_map>
#include <vector>

#include "control/classify/attempt_map.h"
#include "control/classify/handshake_memory.h"
#include "control/classify/outcome_overlay.h"
#include "control/merge/merged_interval.h"
#include "control/registry/registry.h"

namespace rstwatch::control {

/// Tells SYNs that a full listen queue has dropped (`listen_overflow`) from those that nobody answers: a client that
/// was accepted by this very port a minute ago is ignored, or three clients are while others get through. Not where the
/// host as a whole has fallen silent; what was said of it is then taken back. Control thread only.
class ListenQueue {
  public:
    struct Capacity {
        std::size_t hosts = 4096;         ///< with unanswered attempts at ports that do accept
        std::size_t waiting = 16384;      ///< unanswered attempts that more clients may turn into overflows
        std::size_t decided = 65536;      ///< overflows that are not final
        std::size_t memory_sets = 32768;  ///< of four handshakes each
    };

    ListenQueue() : ListenQueue(Capacity{}) {}
    explicit ListenQueue(const Capacity& capacity);

    /// Rewrites what the interval says of unanswered attempts. `registry` has its rows already.
    void judge(MergedInterval& interval, const Registry& registry, OutcomeOverlay& overlay);

    /// Attempts that could not be judged for want of room.
    std::uint64_t overflowed() const { return overflowed_ + decided_.overflowed(); }

  private:
    /// An attempt whose verdict was counted in `given_in`.
    struct Unanswered {
        Attempt attempt;
        tally::Interval given_in = 0;
        tally::Time time = 0;
    };
    struct Ignored {
        tally::IpAddress client;
        tally::Time time = 0;
    };
    struct Port {
        std::uint16_t number = 0;
        tally::Time accepted = 0;         ///< last
        tally::Time silent = 0;           ///< last, having accepted within the minute before; 0: never
        tally::Time rejected = 0;         ///< last ICMP error in its place; 0: never
        std::vector<Ignored> ignored;     ///< clients, within a minute; as many as it takes
        std::vector<Unanswered> waiting;  ///< within a minute
    };
    struct Host {
        tally::Time accepted = 0;  ///< last, at any port
        tally::Time silent = 0;    ///< last time that a connection which had been answered was no longer
        tally::Time touched = 0;
        std::vector<Port> ports;
        std::vector<Unanswered> decided;  ///< called overflows here; some may be final meanwhile
    };

    /// What all steps need, for as long as one interval is judged.
    struct Context {
        MergedInterval& interval;
        const Registry& registry;
        OutcomeOverlay& overlay;
    };

    void take(const tally::Sighting& contact, const Context& context);
    void accepted(const tally::Sighting& contact, const Context& context);
    void fell_silent(const tally::Sighting& contact, const Context& context);
    void rejected(const tally::Sighting& sighting, const Context& context);
    void unanswered(const tally::Sighting& contact, const Context& context);
    void take(tally::Revision& revision, const Context& context);
    void settle(tally::AttemptRecord& record, const Context& context);

    Host* host_of(const tally::IpAddress& address);
    Host* make_host(const tally::IpAddress& address, tally::Time now);
    Port* make_port(Host& host, const tally::Endpoint& server, const Registry& registry);
    bool watches(const tally::IpAddress& address) const;
    static bool is_silent(const Host& host, const Port& port, tally::Time now);
    static bool is_singled_out(const Port& port, const tally::Sighting& contact, tally::Time handshake);
    void judge_crowd(Host& host, Port& port, tally::Time now, const Context& context);
    void decide(Host& host, const Unanswered& attempt, const Context& context);
    void take_back(Host& host, tally::Time now, const Context& context);
    void stop_waiting(const Attempt& attempt);
    void prune(Port& port, tally::Time now);
    void forget_idle_hosts(tally::Time now);

    static constexpr std::size_t watched_bits = 1u << 14;

    Capacity capacity_;
    HandshakeMemory memory_;
    std::unordered_map<tally::IpAddress, Host, AddressHash> hosts_;
    std::bitset<watched_bits> watched_;  // by hash: addresses that hosts_ may hold
    AttemptMap<tally::Interval> decided_;
    std::vector<tally::Revision> from_cores_;  // of the interval that is judged; kept for its room
    std::size_t waiting_ = 0;                  // over all ports
    std::uint64_t overflowed_ = 0;
    tally::Time next_cleaning_ = 0;
};

}  // namespace rstwatch::control
