// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/numa.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

namespace rstwatch::port {
namespace {

unsigned number(const std::string& text) {
    unsigned value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

bool contains(const std::vector<unsigned>& all, unsigned each) {
    return std::ranges::find(all, each) != all.end();
}

}  // namespace

std::vector<unsigned> parse_cpu_list(const std::string& text) {
    std::vector<unsigned> all;
    std::istringstream parts(text);
    for (std::string part; std::getline(parts, part, ',');) {
        if (part.empty() || part.front() < '0' || part.front() > '9') continue;
        const std::size_t dash = part.find('-');
        const unsigned first = number(part);
        const unsigned last = dash == std::string::npos ? first : number(part.substr(dash + 1));
        for (unsigned each = first; each <= last; ++each) all.push_back(each);
    }
    return all;
}

std::optional<unsigned> node_of_pci(const std::string& address, const std::string& sysfs) {
    std::ifstream file(sysfs + "/bus/pci/devices/" + address + "/numa_node");
    int node = -1;
    if (!(file >> node) || node < 0) return std::nullopt;
    return static_cast<unsigned>(node);
}

std::vector<unsigned> cpus_of_node(unsigned node, const std::string& sysfs) {
    std::ifstream file(sysfs + "/devices/system/node/node" + std::to_string(node) + "/cpulist");
    std::string list;
    std::getline(file, list);
    return parse_cpu_list(list);
}

std::vector<unsigned> choose_cpus(const std::vector<unsigned>& allowed, const std::vector<unsigned>& preferred,
                                  unsigned cores) {
    std::vector<unsigned> order(allowed.rbegin(), allowed.rend());
    std::stable_partition(order.begin(), order.end(), [&](unsigned cpu) { return contains(preferred, cpu); });
    std::vector<unsigned> chosen;
    for (unsigned core = 0; core < cores && !order.empty(); ++core) chosen.push_back(order[core % order.size()]);
    return chosen;
}

std::string node_warning(const std::string& source, unsigned node, const std::vector<unsigned>& node_cpus,
                         const std::vector<unsigned>& cpus) {
    for (std::size_t core = 0; core < cpus.size(); ++core)
        if (!contains(node_cpus, cpus[core]))
            return source + " is attached to NUMA node " + std::to_string(node) + ", but core " + std::to_string(core) +
                   ", which polls it, runs on CPU " + std::to_string(cpus[core]) +
                   " of another: each packet crosses between the nodes. Let the daemon have CPUs of node " +
                   std::to_string(node) + " (taskset, CPUAffinity=), one for each of rx.queues, or move the card";
    return "";
}

}  // namespace rstwatch::port
