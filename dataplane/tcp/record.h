// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/tally/attempt_record.h"
#include "dataplane/tcp/connection.h"

namespace rstwatch::tcp {

/// What is handed over of a connection whose outcome is final.
tally::AttemptRecord make_record(const Connection& connection, Outcome outcome);

}  // namespace rstwatch::tcp
