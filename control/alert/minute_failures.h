// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "config/text_form.h"
#include "control/alert/alert.h"
#include "control/registry/failure_book.h"

namespace rstwatch::control {

/// How many attempts failed in one minute, of one subject.
struct MinuteFailures {
    AlertSubject subject;
    std::uint64_t failed = 0;
    std::vector<tally::Endpoint> servers;  ///< of a client: services at which it fails, as far as they are known
};

/// All that failed in a minute (counted since the epoch) that is not longer ago than Rates keeps: services, hosts and
/// clients that are in `home`, and the network as the sum of the services. In the order of subjects. What scanners try
/// is in none of them.
std::vector<MinuteFailures> failures_in(const FailureBook& book, tally::Interval minute,
                                        const std::vector<config::Network>& home);

}  // namespace rstwatch::control
