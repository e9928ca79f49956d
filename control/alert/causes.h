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
    std::uint64_t failed = 0;    ///< attempts, over the span that was looked at
    std::uint64_t accepted = 0;  ///< likewise
    std::uint64_t total = 0;     ///< attempts that have failed since it began
    tally::Time since = 0;
    std::vector<AlertSubject> nested;
    std::vector<AlertSubject> services;  ///< all that fail by it, at any depth; its own subject, if it is one
    double seconds = 10;                 ///< of the span

    double rate() const { return static_cast<double>(failed) / seconds; }
    /// While it is younger than the span, that of its own time.
    double rate_since_it_began(tally::Time now) const;
    double share() const { return static_cast<double>(failed) / static_cast<double>(failed + accepted); }
};

/// What is looked for, and when.
struct CauseSearch {
    enum class Span : std::uint8_t { ten_seconds, minute };

    tally::Interval now = 0;        ///< the last second of the span
    Span span = Span::ten_seconds;  ///< a minute is one of the clock
    double small = 0;               ///< failed attempts per second that are too few for a cause of its own
    /// Who is a cause of its own, few as they may be. In order.
    std::span<const AlertSubject> apart{};
};

/// Traces what fails in the span to as few causes as explain it: a dead host is one, not one for each of its ports and
/// clients; a client that reaches nobody is one; hosts that fall silent together are one of the network. What is too
/// little for an alert of its own is summed up by host, and in the network; a client that is set apart takes with it
/// what only it fails at. Hosts that are not in `home` have no causes of their own. In the order of subjects.
std::vector<Cause> find_causes(const FailureBook& book, const CauseSearch& search,
                               const std::vector<config::Network>& home);

}  // namespace rstwatch::control
