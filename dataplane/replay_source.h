// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "dataplane/burst_pipeline.h"
#include "dataplane/port/port.h"

namespace rstwatch {

/// Capture files as one stream of packets in the order of their time stamps, as the two ports of an optical TAP are.
/// Packets of one file keep their order; among equal stamps the file named first comes first.
class ReplaySource {
  public:
    ReplaySource(std::vector<port::Port>& ports, std::size_t burst);

    /// The next packets, at most a burst of them; 0 at the end of the last file.
    std::size_t next(Arrival* arrivals);

    /// What could not be read, a sentence for each file concerned. Complete once next() has returned 0.
    const std::vector<std::string>& damage() const { return damage_; }

  private:
    struct File {
        port::Port* port;
        std::array<rte_mbuf*, BurstPipeline::max_burst> packets;
        std::size_t position = 0;
        std::size_t count = 0;
        std::uint64_t read = 0;  ///< packets up to the end of this burst
        bool ended = false;
    };

    void refill(File& file);
    static void take(File& file, Arrival& arrival);
    File* earliest();

    std::vector<File> files_;
    std::size_t burst_;
    std::vector<std::string> damage_;
};

}  // namespace rstwatch
