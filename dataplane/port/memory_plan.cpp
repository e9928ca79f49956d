// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/memory_plan.h"

#include <filesystem>
#include <fstream>

namespace rstwatch::port {
namespace {

constexpr std::uint64_t kib = 1024, mib = 1024 * kib;
constexpr std::uint64_t small_page = 2 * mib;

std::string folder_of(unsigned node, std::uint64_t page, const std::string& sysfs) {
    const std::string size = "/hugepages/hugepages-" + std::to_string(page / kib) + "kB";
    const std::string of_node = sysfs + "/devices/system/node/node" + std::to_string(node) + size;
    // A kernel without NUMA has no nodes.
    return std::filesystem::exists(of_node) ? of_node : sysfs + "/kernel/mm" + size;
}

std::uint64_t read_pages(const std::string& path) {
    std::ifstream file(path);
    std::uint64_t pages = 0;
    file >> pages;
    return pages;
}

std::uint64_t free_bytes(unsigned node, const std::string& sysfs) {
    std::uint64_t total = 0;
    for (const std::uint64_t page : {small_page, 1024 * mib})
        total += page * read_pages(folder_of(node, page, sysfs) + "/free_hugepages");
    return total;
}

std::string in_mib(std::uint64_t bytes) {
    return std::to_string((bytes + mib - 1) / mib) + " MiB";
}

/// "412 MiB in 206 pages of 2 MiB on NUMA node 0".
std::string told(const NodeNeed& need) {
    return in_mib(need.bytes) + " in " + std::to_string((need.bytes + small_page - 1) / small_page) +
           " pages of 2 MiB on NUMA node " + std::to_string(need.node);
}

/// Empty: there are enough.
std::string shortage(const NodeNeed& need, const std::string& sysfs) {
    const std::uint64_t found = free_bytes(need.node, sysfs);
    if (found >= need.bytes) return "";
    const std::string folder = folder_of(need.node, small_page, sysfs);
    const std::uint64_t missing = (need.bytes - found + small_page - 1) / small_page;
    return told(need) + ", where " + in_mib(found) + " are free (`echo " +
           std::to_string(read_pages(folder + "/nr_hugepages") + missing) + " | sudo tee " + folder +
           "/nr_hugepages` gives them)";
}

}  // namespace

MemoryPlan plan_memory(const std::vector<NodeNeed>& needs, bool may_use, const std::string& sysfs) {
    std::string lacking, all;
    for (const NodeNeed& need : needs) {
        const std::string shortfall = shortage(need, sysfs);
        if (!shortfall.empty()) lacking += (lacking.empty() ? "" : "; ") + shortfall;
        all += (all.empty() ? "" : "; ") + told(need);
    }
    if (!lacking.empty())
        return {false, "packet buffers are in ordinary memory, which is slower: hugepages would take " + lacking};
    if (!may_use)
        return {false,
                "packet buffers are in ordinary memory, which is slower: hugepages are free, but only root may "
                "take them"};
    return {true, "packet buffers: " + all};
}

}  // namespace rstwatch::port
