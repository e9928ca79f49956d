// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rstwatch::port {

/// Packet memory that ports on one NUMA node need.
struct NodeNeed {
    unsigned node;
    std::uint64_t bytes;
};

/// Where packet memory is to come from.
struct MemoryPlan {
    bool hugepages = false;
    std::string sentence;  ///< with the numbers, and the command if there are too few pages
};

/// Hugepages if every node has enough of them free, else ordinary memory. `may_use`: this process may take hugepages.
MemoryPlan plan_memory(const std::vector<NodeNeed>& needs, bool may_use, const std::string& sysfs = "/sys");

}  // namespace rstwatch::port
