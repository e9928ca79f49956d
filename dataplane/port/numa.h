// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace rstwatch::port {

/// The numbers in a list as the kernel writes them, such as "0-3,8".
std::vector<unsigned> parse_cpu_list(const std::string& text);

/// The NUMA node that a PCI device is attached to; nothing where the machine has only one, or does not say.
std::optional<unsigned> node_of_pci(const std::string& address, const std::string& sysfs = "/sys");

/// CPUs of a node.
std::vector<unsigned> cpus_of_node(unsigned node, const std::string& sysfs = "/sys");

/// A CPU for each of `cores` RX cores: of `allowed`, first those of `preferred`, the last of them first, because the
/// kernel's own work gathers at the first; once there are no more, again from the beginning.
std::vector<unsigned> choose_cpus(const std::vector<unsigned>& allowed, const std::vector<unsigned>& preferred,
                                  unsigned cores);

/// What is wrong if cores that run on `cpus` poll the port `source`, which is attached to `node`. Empty: nothing.
std::string node_warning(const std::string& source, unsigned node, const std::vector<unsigned>& node_cpus,
                         const std::vector<unsigned>& cpus);

}  // namespace rstwatch::port
