// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/alert/alert.h"
#include "control/classify/hop_baselines.h"
#include "control/classify/scanners.h"
#include "control/registry/failure_book.h"
#include "control/registry/registry.h"
#include "control/registry/service_names.h"

namespace rstwatch::control {

/// Everything that a diagnosis rests on, as of one moment: what fails, what it did before, and how its neighbours fare.
struct Facts {
    AlertSubject subject;
    tally::Time now = 0;
    bool no_data = false;                   ///< of the network: nothing is received
    std::vector<AlertSubject> nested;       ///< failures that an alert explains
    std::vector<std::string> nested_hosts;  ///< what the operator calls their hosts, in the same order
    bool failing = false;                   ///< what follows about the failure means something
    tally::Outcome cause = tally::Outcome::undetermined;
    std::uint64_t failed = 0;
    std::array<std::uint32_t, tally::outcome_count> outcomes{};
    double per_second = 0;  ///< of the last ten seconds in which it failed
    tally::Time since = 0;
    tally::Time last = 0;
    std::uint64_t clients = 0;     ///< that fail; of a client: servers
    std::uint64_t succeeding = 0;  ///< others, that got through since it began
    std::vector<FailurePeer> peers;
    std::vector<std::string> peer_hosts;  ///< what the operator calls them, in the same order; empty: nothing
    tally::Time idle_least = 0;           ///< of the connections that were reset after they had been idle; 0: not known
    tally::Time idle_most = 0;
    std::optional<tally::AttemptRecord> example;
    IcmpError icmp;                           ///< the last that rejected an attempt
    std::optional<std::uint8_t> server_hops;  ///< how far away the server answers from, if it is one distance

    std::string service;                     ///< what it is called; empty: not known
    std::string host;                        ///< what the operator calls the host; empty: nothing
    std::string application;                 ///< what it spoke, such as "TLS"; empty: nothing was recognised
    std::string detail;                      ///< such as a server's name
    std::uint64_t accepted = 0;              ///< handshakes, ever
    tally::Time last_accepted = 0;           ///< 0: never, or not known
    bool host_answers = false;               ///< some other port of it accepted somebody meanwhile; of a host: any
    bool kernel_answers = false;             ///< it accepted meanwhile, or its kernel answered attempts that failed
    std::uint64_t host_failing_ports = 0;    ///< of the host, this one included
    std::uint64_t device_hosts = 0;          ///< hosts in whose name a device rejects now
    bool client_succeeds_elsewhere = false;  ///< the only client that fails gets through to others
    bool scanners_alone = false;             ///< nobody failed but clients that scan
};

/// Where facts come from. Control thread, or who holds its lock.
struct FactSources {
    const FailureBook& failures;
    const Registry& registry;
    const ServiceNames& names;
    const HopBaselines& baselines;
    const Scanners& scanners;
};

/// What the facts are for. What only evidence is made of is left out where nobody asks for it: the neighbours of all
/// that fails are counted for it.
enum class FactsFor : std::uint8_t { sentence, diagnosis };

/// `subject` need not be known: then nothing fails, and nothing was accepted.
Facts gather(const FactSources& sources, const AlertSubject& subject, FactsFor purpose = FactsFor::diagnosis);

}  // namespace rstwatch::control
