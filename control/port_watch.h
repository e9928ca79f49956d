// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "control/snapshot.h"

namespace rstwatch::control {

/// Notices when a port stops to bring packets. Control thread only.
class PortWatch {
  public:
    /// `silence`: seconds without a packet after which a port that has brought some is silent.
    explicit PortWatch(double silence) : silence_(silence) {}

    /// The ports as they are at `now`, always the same ones in the same order.
    std::vector<PortActivity> follow(const std::vector<tally::PortStatus>& ports, tally::Time now);

  private:
    struct Seen {
        std::uint64_t received = 0;
        std::optional<tally::Time> last_packet;
    };

    double silence_;
    std::vector<Seen> seen_;  // by port
};

}  // namespace rstwatch::control
