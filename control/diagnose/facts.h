// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/alert/alert.h"
#include "control/registry/failure_book.h"
#include "control/registry/registry.h"
#include "control/registry/service_names.h"

namespace rstwatch::control {

/// Everything that a diagnosis rests on, as of one moment: what fails, what it did before, and how its neighbours fare.
struct Facts {
    AlertSubject subject;
    tally::Time now = 0;
    bool no_data = false;              ///< of the network: nothing is received
    std::vector<AlertSubject> nested;  ///< failures that an alert explains
    bool failing = false;              ///< what follows about the failure means something
    tally::Outcome cause = tally::Outcome::undetermined;
    std::uint64_t failed = 0;
    std::array<std::uint32_t, tally::outcome_count> outcomes{};
    double per_second = 0;  ///< of the last ten seconds in which it failed
    tally::Time since = 0;
    tally::Time last = 0;
    std::uint64_t clients = 0;     ///< that fail; of a client: servers
    std::uint64_t succeeding = 0;  ///< since it began
    std::vector<FailurePeer> peers;
    std::optional<tally::AttemptRecord> example;

    std::string service;                     ///< what it is called; empty: not known
    std::string application;                 ///< what it spoke, such as "TLS"; empty: nothing was recognised
    std::string detail;                      ///< such as a server's name
    std::uint64_t accepted = 0;              ///< handshakes, ever
    tally::Time last_accepted_before = 0;    ///< before the failure began; 0: never, or not known
    bool host_answers = false;               ///< some other port of the host accepted somebody in the last minute
    std::uint64_t host_failing_ports = 0;    ///< of the host, this one included
    std::uint64_t device_hosts = 0;          ///< hosts in whose name a device rejects now
    bool client_succeeds_elsewhere = false;  ///< the only client that fails gets through to others
};

/// Where facts come from. Control thread, or who holds its lock.
struct FactSources {
    const FailureBook& failures;
    const Registry& registry;
    const ServiceNames& names;
};

/// `subject` need not be known: then nothing fails, and nothing was accepted.
Facts gather(const FactSources& sources, const AlertSubject& subject);

}  // namespace rstwatch::control
