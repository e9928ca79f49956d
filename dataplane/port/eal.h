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
    unsigned rx_cores = 1;           ///< lcores 1..n; lcore 0 is the calling thread's
    bool pin_cores = false;          ///< one CPU per RX core: for ports that are polled at line rate
    std::vector<std::string> pci;    ///< NICs to look for; none: the PCI bus is left alone
};

/// Starts DPDK's environment layer, with hugepages if enough are free, else without. What it says goes to
/// `last_words()` instead of the terminal.
Failure start_eal(const EalNeeds& needs);
void stop_eal();

/// Lines that DPDK wrote since the last call: the cause, when something of its could not be set up.
std::string last_words();

/// Runs `work` on lcore `lcore` (1..rx_cores); returns at once.
Failure launch(unsigned lcore, std::function<void()> work);
void wait_for_lcores();

}  // namespace rstwatch::port
