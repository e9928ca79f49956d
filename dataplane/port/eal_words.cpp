// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/eal_words.h"

#include <array>
#include <sstream>
#include <string_view>

#include "dataplane/port/rights.h"

namespace rstwatch::port {
namespace {

struct Meaning {
    std::string_view line;  ///< occurs in DPDK 22.11's message
    std::string_view means;
};

/// The cause stands before what follows from it, so the first that is found is told.
constexpr std::array meanings{
    Meaning{"could not set PACKET_RX_RING", "the kernel has no memory for its ring of packets; lower rx.descriptors"},
    Meaning{"could not set PACKET_TX_RING", "the kernel has no memory for its ring of packets; lower rx.descriptors"},
    Meaning{
        "call to mmap failed on AF_PACKET",
        "the limit of locked memory (RLIMIT_MEMLOCK) is less than the kernel's ring of packets; lower rx.descriptors, "
        "or raise it: `ulimit -l unlimited`, LimitMEMLOCK=infinity"},
    Meaning{"I/F name too long", "the name of the interface is too long; the kernel's limit is 15 characters"},
    Meaning{"ioctl failed (SIOCGIFINDEX)", "there is no interface of that name; `ip link` lists them"},
    Meaning{"Couldn't open", "libpcap cannot open it; see whether it exists, and root or CAP_NET_RAW may open it"},
    Meaning{"group is not viable",
            "other devices of its IOMMU group belong to the kernel still; bind these to vfio-pci, too "
            "(`dpdk-devbind.py --status`)"},
    Meaning{"failed to select IOMMU type", "the IOMMU cannot be used; boot with intel_iommu=on or amd_iommu=on"},
    Meaning{"cannot set up DMA remapping",
            "the limit of locked memory (RLIMIT_MEMLOCK) is less than the packet buffers; `ulimit -l unlimited`, "
            "LimitMEMLOCK=infinity"},
    Meaning{"error opening /dev/vfio", "its VFIO group cannot be opened; run as root, or own the file under /dev/vfio"},
    Meaning{"cannot open /dev/vfio", "its VFIO group cannot be opened; run as root, or own the file under /dev/vfio"},
    Meaning{"no driver",
            "DPDK has no driver of that name, or it is not installed; `apt-cache search librte-net` lists what can be"},
    Meaning{"failed to parse device",
            "DPDK does not know the device; the driver's name comes first, such as net_af_packet0,iface=eth1"},
    Meaning{"Cannot get hugepage information",
            "no hugepages can be used; `echo 512 | sudo tee /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages`"},
    Meaning{"No free hugepages",
            "no hugepages are free; `echo 512 | sudo tee /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages`"},
    Meaning{"Cannot allocate memory", "there is not enough memory; lower rx.memory_mib, or rx.mbufs"},
    Meaning{"not enough memory", "there is not enough memory; lower rx.memory_mib, or rx.mbufs"},
    Meaning{"Is another primary process running?",
            "another DPDK program holds its files in /run/dpdk; end it, or remove what it left"},
    Meaning{"will not fit in mbuf", "its frames are larger than a packet buffer; give a smaller framesz="},
    Meaning{"AF_PACKET MMAP frame size exceeds block size", "framesz= is larger than blocksz=; give a larger blocksz="},
};

constexpr std::string_view opening_packet_socket = "open AF_PACKET socket";

/// Without "EAL: " and "rte_pmd_af_packet_probe(): ".
std::string without_prefixes(std::string line) {
    for (const std::string_view end : {": ", "(): "}) {
        const std::size_t at = line.find(end);
        if (at != std::string::npos && line.find(' ') >= at) line.erase(0, at + end.size());
    }
    return line;
}

}  // namespace

std::string translate(const std::string& lines) {
    if (lines.find(opening_packet_socket) != std::string::npos && !has(Capability::net_raw))
        return "the right " + name_of(Capability::net_raw) + " is missing; " + cure_of(Capability::net_raw);
    std::istringstream all(lines);
    std::string last;
    for (std::string line; std::getline(all, line);) {
        for (const Meaning& meaning : meanings)
            if (line.find(meaning.line) != std::string::npos) return std::string(meaning.means);
        if (!line.empty()) last = without_prefixes(line);
    }
    return last;
}

}  // namespace rstwatch::port
