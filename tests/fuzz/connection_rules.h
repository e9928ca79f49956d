// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/tally/attempt_record.h"
#include "dataplane/tcp/connection.h"

// What holds for every connection that the state machine has been through, whatever its segments were.
namespace rstwatch::fuzz {

/// After an event at `now` and whatever was due at it.
void check(const tcp::Connection& connection, tcp::Time now);

/// What no event may undo within one attempt.
void check_step(const tcp::Connection& before, const tcp::Connection& after);

/// The record of a final outcome that became known at `now`.
void check_record(const tally::AttemptRecord& record, const tcp::Connection& connection, tcp::Time now);

}  // namespace rstwatch::fuzz
