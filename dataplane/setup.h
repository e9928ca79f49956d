// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.h"
#include "dataplane/packet/tunnel_ports.h"
#include "dataplane/tally/interval_bank.h"
#include "dataplane/tcp/duplicate_filter.h"
#include "dataplane/tcp/four_tuple.h"
#include "dataplane/tcp/state_machine.h"

// Settings in the units and types of the parts that they are for.
namespace rstwatch {

/// Seconds of a setting in microseconds of packet time.
tally::Time microseconds(double seconds);

tcp::Limits limits_of(const config::Settings& settings);
tcp::DuplicateLimits duplicate_limits_of(const config::Settings& settings);
tcp::DomainBy domain_by(const std::string& text);
packet::TunnelPorts tunnel_ports(const config::Settings::Tunnel& tunnel);

struct BankUse {
    bool identifies;  ///< services are identified
    bool serves;      ///< somebody looks at each interval
    bool prefault;    ///< as BankCapacity::prefault
};
tally::BankCapacity bank_capacity(const config::Settings& settings, const BankUse& use);

}  // namespace rstwatch
