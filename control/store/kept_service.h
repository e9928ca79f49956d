// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "dataplane/tally/address.h"
#include "dataplane/tally/outcome.h"
#include "dataplane/tally/time.h"

namespace rstwatch::control {

/// What is kept of a service over a restart.
struct KeptService {
    struct Failing {
        std::uint64_t failed = 0;
        tally::Time since = 0;
        tally::Time last = 0;
        tally::Time recovered_at = 0;  ///< 0: it has not
        tally::Outcome cause = tally::Outcome::undetermined;
    };

    tally::Endpoint service;
    std::uint64_t accepted = 0;
    tally::Time first_accepted = 0;
    tally::Time last_accepted = 0;
    bool heard = false;
    tally::Time last_response = 0;
    std::optional<Failing> failing{};
    std::string application{};  ///< empty: it was not identified
    std::string detail{};       ///< bytes of strangers, as they were
    tally::Time identified = 0;
};

}  // namespace rstwatch::control
