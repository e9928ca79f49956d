// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/tally/attempt_record.h"
#include "dataplane/tcp/connection.h"

namespace rstwatch::tcp {

/// Writes into `record`, an empty one, what is handed over of a connection whose outcome is final. Not returned: it is
/// four cache lines long, and is made where it is to stay.
void fill_record(const Connection& connection, Outcome outcome, tally::AttemptRecord& record);

}  // namespace rstwatch::tcp
