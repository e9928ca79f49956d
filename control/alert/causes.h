// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "config/text_form.h"
#include "control/alert/alert.h"
#include "control/registry/failure_book.h"

namespace rstwatch::control {

/// One cause of failures, as of one interval: a subject, and what it explains.
struct Cause {
    AlertSubject subject;
    std::uint64_t failed = 0;    ///< attempts, over the last ten seconds
    std::uint64_t accepted = 0;  ///< likewise
    tally::Time since = 0;
    std::vector<AlertSubject> nested;

    double rate() const { return static_cast<double>(failed) / 10; }
    /// While it is younger than ten seconds, that of its own time.
    double rate_since_it_began(tally::Time now) const;
    double share() const { return static_cast<double>(failed) / static_cast<double>(failed + accepted); }
};

/// Traces what fails in the ten seconds that end with `now` to as few causes as explain it: a dead host is one, not one
/// for each of its ports and clients; a client that reaches nobody is one; hosts that fall silent together are one of
/// the network. What is too little for an alert of its own, below `small` per second, is summed up by host, and in the
/// network. Hosts that are not in `home` have no causes of their own. In the order of subjects.
std::vector<Cause> find_causes(const FailureBook& book, tally::Interval now, const std::vector<config::Network>& home,
                               double small);

}  // namespace rstwatch::control
