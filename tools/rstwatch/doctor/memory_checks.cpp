// SPDX-License-Identifier: Apache-2.0
// Hugepages, and the right to lock memory.
#include <algorithm>
#include <charconv>

#include "tools/rstwatch/doctor/checks.h"

namespace rstwatch::cli::checkup {
namespace {

using State = Finding::State;

constexpr std::uint64_t mib = 1 << 20;
constexpr std::uint64_t small_page = 2 * mib;

std::string node_directory(unsigned node) {
    return "/sys/devices/system/node/node" + std::to_string(node);
}

struct Pages {
    std::uint64_t all = 0, free = 0;  // bytes
};

Pages pages_of(const Machine& machine, const std::string& directory) {
    Pages pages;
    for (const std::string& size : machine.names(directory)) {
        std::uint64_t kib = 0;
        constexpr std::string_view prefix = "hugepages-";
        if (!size.starts_with(prefix)) continue;
        std::from_chars(size.data() + prefix.size(), size.data() + size.size(), kib);
        std::string at = directory;
        at.append("/").append(size).append("/");
        pages.all += machine.number(at + "nr_hugepages").value_or(0) * kib * 1024;
        pages.free += machine.number(at + "free_hugepages").value_or(0) * kib * 1024;
    }
    return pages;
}

/// Nodes whose memory is needed: those of the NICs, the first where none is known.
std::set<unsigned> nodes_of(const Machine& machine, const Needs& needs) {
    std::set<unsigned> nodes;
    for (const std::string& address : needs.pci)
        if (const auto node = machine.number("/sys/bus/pci/devices/" + address + "/numa_node"))
            nodes.insert(static_cast<unsigned>(*node));
    if (nodes.empty()) nodes.insert(0);
    return nodes;
}

std::string in_mib(std::uint64_t bytes) {
    return std::to_string(bytes / mib) + " MiB";
}

Finding check_node(const Machine& machine, unsigned node, std::uint64_t needed, bool dpdk) {
    const std::string directory =
        machine.has(node_directory(node)) ? node_directory(node) + "/hugepages" : "/sys/kernel/mm/hugepages";
    const Pages pages = pages_of(machine, directory);
    const std::string object = "node " + std::to_string(node);
    const std::string found = in_mib(pages.free) + " free of " + in_mib(pages.all) + ", " + in_mib(needed) + " needed";
    if (pages.free > needed) return {"hugepages", object, State::ok, found, ""};
    // What others hold stays theirs. One page more: the daemon takes hugepages if more than it needs are free.
    const std::uint64_t wanted = (pages.all - pages.free + needed) / small_page + 1;
    const std::string count = std::to_string(wanted), file = directory + "/hugepages-2048kB/nr_hugepages";
    return {"hugepages", object, dpdk ? State::wrong : State::advice, found,
            "echo " + count + " | sudo tee " + file + "; to keep it over a restart: echo 'w " + file + " - - - - " +
                count + "' | sudo tee -a /etc/tmpfiles.d/rstwatch.conf"};
}

}  // namespace

Findings check_hugepages(const Machine& machine, const Needs& needs) {
    Findings findings;
    const std::set<unsigned> nodes = nodes_of(machine, needs);
    for (const unsigned node : nodes)
        findings.push_back(check_node(machine, node, needs.packet_memory / nodes.size(), needs.dpdk()));
    return findings;
}

Findings check_memory_lock(const Machine& machine, const Needs& needs) {
    // A NIC writes into packet buffers; what the kernel keeps for an interface is locked, too.
    const std::uint64_t needed = needs.dpdk() ? needs.packet_memory + needs.ring_memory : needs.ring_memory;
    if (needed == 0) return {};
    if (has_capability(machine, Capability::ipc_lock))
        return {{"memory lock", "process", State::ok, "CAP_IPC_LOCK: as much as it takes", ""}};
    const std::string limits = machine.text("/proc/self/limits");
    const std::string title = "Max locked memory";
    const auto line = limits.find(title);
    const auto begin = line == std::string::npos ? line : limits.find_first_not_of(' ', line + title.size());
    std::uint64_t bytes = 0;
    if (begin != std::string::npos) {
        if (limits.compare(begin, 9, "unlimited") == 0) return {{"memory lock", "process", State::ok, "unlimited", ""}};
        std::from_chars(limits.data() + begin, limits.data() + limits.size(), bytes);
    }
    if (bytes >= needed) return {{"memory lock", "process", State::ok, in_mib(bytes) + " may be locked", ""}};
    const std::string found = in_mib(bytes) + " may be locked, and ";
    if (!needs.dpdk())
        return {{"memory lock", "process", State::advice,
                 found + "the kernel's rings of packets take " + in_mib(needed) + ": they will be smaller",
                 "ulimit -l unlimited before it starts; in a systemd unit: LimitMEMLOCK=infinity"}};
    return {{"memory lock", "process", State::wrong, found + "a NIC needs " + in_mib(needed) + " where it can write",
             "ulimit -l unlimited before it starts; in a systemd unit: LimitMEMLOCK=infinity"}};
}

}  // namespace rstwatch::cli::checkup
