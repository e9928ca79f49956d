// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "control/classify/scanners.h"
#include "control/classify/span_watch.h"
#include "control/classify/unseen_direction.h"
#include "dataplane/tally/attempt_record.h"

namespace rstwatch::control {

/// Every connection of a replay, kept when they are asked for: the one thing that grows with the capture.
class ConnectionLog {
  public:
    void add(const std::vector<tally::AttemptRecord>& records);

    /// At the end: sorts by start and tuple, and applies what was learnt only later.
    void settle(const Scanners& scanners, const SpanFacts& span, const Assumptions& assumptions);

    /// Hands each over as one JSON object.
    void write_array(std::FILE* out) const;
    void write_lines(std::FILE* out) const;

  private:
    std::vector<tally::AttemptRecord> records_;
};

/// {"client":"10.0.0.2:40000","server":…,"outcome":…}
std::string connection_json(const tally::AttemptRecord& record);

}  // namespace rstwatch::control
