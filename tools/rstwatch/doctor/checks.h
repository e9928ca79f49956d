// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "config/settings.h"
#include "tools/rstwatch/doctor/finding.h"
#include "tools/rstwatch/doctor/machine.h"

namespace rstwatch::cli::checkup {

/// What a daemon with certain settings asks of a machine.
struct Needs {
    std::vector<std::string> pci;         ///< NICs that it is to receive from through DPDK
    std::vector<std::string> interfaces;  ///< of the kernel
    unsigned queues = 1;                  ///< and cores
    std::uint64_t packet_memory = 0;      ///< bytes
    std::uint64_t ring_memory = 0;        ///< bytes of the kernel's rings of packets, all interfaces together
    std::string socket;                   ///< path; empty: none

    bool dpdk() const { return !pci.empty(); }
};

Needs needs_of(const config::Settings& settings);

/// CPUs that RX cores are pinned to: as many as there are queues, the last ones that this process may run on.
std::set<unsigned> rx_cpus(const Machine& machine, const Needs& needs);

// Each looks at one thing, and says what is to be done about it.
Findings check_processor(const Machine& machine);
Findings check_clock_source(const Machine& machine);
Findings check_isolation(const Machine& machine, const Needs& needs);
Findings check_hugepages(const Machine& machine, const Needs& needs);
Findings check_memory_lock(const Machine& machine, const Needs& needs);
Findings check_iommu(const Machine& machine, const Needs& needs);
/// `wanted`: the daemon is to receive from it; else it merely could.
Findings check_nic(const Machine& machine, const std::string& address, bool wanted);
Findings check_nic_node(const Machine& machine, const std::string& address, const Needs& needs);
Findings check_interface(const Machine& machine, const std::string& name);
Findings check_capabilities(const Machine& machine, const Needs& needs);
Findings check_socket_directory(const Machine& machine, const Needs& needs);

/// Addresses of all Ethernet controllers.
std::vector<std::string> ethernet_controllers(const Machine& machine);

/// Bits of CapEff in /proc/self/status (capabilities(7)).
enum class Capability : unsigned { dac_override = 1, net_admin = 12, net_raw = 13, ipc_lock = 14 };
bool has_capability(const Machine& machine, Capability capability);

}  // namespace rstwatch::cli::checkup
