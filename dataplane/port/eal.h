// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "dataplane/port/failure.h"

namespace rstwatch::port {

struct EalNeeds {
    std::uint64_t memory_bytes = 0;  ///< for packet buffers, when there are no hugepages
    bool hugepages = false;          ///< take packet buffers from these
    unsigned rx_cores = 1;           ///< lcores 1..n; lcore 0 is the calling thread's
    std::vector<unsigned> cpus;      ///< of each RX core, for ports that are polled at line rate; none: any CPU
    std::vector<std::string> pci;    ///< NICs to look for; none: the PCI bus is left alone
};

/// CPUs that this process may run on.
std::vector<unsigned> allowed_cpus();

/// Starts DPDK's environment layer. What it says goes to `last_words()` instead of the terminal.
Failure start_eal(const EalNeeds& needs);
void stop_eal();

/// What the lines mean that DPDK wrote since the last call: the cause, when something of its could not be set up.
std::string last_words();

/// DPDK's own lines since the last call, those that last_words() has translated among them.
std::string take_raw_words();

/// Runs `work` on lcore `lcore` (1..rx_cores); returns at once.
Failure launch(unsigned lcore, std::function<void()> work);
void wait_for_lcores();

}  // namespace rstwatch::port
