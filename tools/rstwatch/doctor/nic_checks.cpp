// SPDX-License-Identifier: Apache-2.0
// NICs: who drives them, whether DPDK can, and where they are.
#include <algorithm>
#include <array>

#include "tools/rstwatch/doctor/checks.h"

namespace rstwatch::cli::checkup {
namespace {

using State = Finding::State;

constexpr const char* devices = "/sys/bus/pci/devices/";
constexpr const char* noiommu = "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode";
/// Their DPDK drivers work beside the kernel's.
constexpr std::array bifurcated{"mlx4_core", "mlx5_core", "mana"};
/// Others of these drivers hand a device to user space without an IOMMU.
constexpr std::array uio{"igb_uio", "uio_pci_generic"};

std::string path_of(const std::string& address) {
    return devices + address;
}

std::string driver_of(const Machine& machine, const std::string& address) {
    return machine.target(path_of(address) + "/driver");
}

/// Bridges stay with the kernel and hand on what is behind them.
bool is_bridge(const Machine& machine, const std::string& address) {
    return machine.text(path_of(address) + "/class").starts_with("0x0604");
}

std::string interfaces_of(const Machine& machine, const std::string& address) {
    std::string text;
    for (const std::string& each : machine.names(path_of(address) + "/net"))
        text += (text.empty() ? "" : ", ") + each +
                (machine.text("/sys/class/net/" + each + "/operstate") == "up" ? " (up)" : "");
    return text;
}

std::string bind(const std::string& address) {
    return "sudo modprobe vfio-pci && sudo dpdk-devbind.py --bind=vfio-pci " + address;
}

/// Members of the same IOMMU group that somebody else drives.
std::vector<std::string> strangers_in(const Machine& machine, const std::string& group) {
    std::vector<std::string> strangers;
    for (const std::string& member : machine.names("/sys/kernel/iommu_groups/" + group + "/devices")) {
        const std::string driver = driver_of(machine, member);
        if (!is_bridge(machine, member) && !driver.empty() && driver != "vfio-pci" && driver != "pci-stub")
            strangers.push_back(std::string(member).append(" (").append(driver).append(")"));
    }
    return strangers;
}

Finding check_group(const Machine& machine, const std::string& address) {
    const std::string group = machine.target(path_of(address) + "/iommu_group");
    if (group.empty()) {
        if (machine.text(noiommu) == "Y")
            return {"iommu group", address, State::advice, "has none; vfio works without protection (noiommu)",
                    "switch the IOMMU on where there is one"};
        return {"iommu group", address, State::wrong, "has none: vfio-pci cannot hand it over",
                "switch the IOMMU on; where there is none: echo 1 | sudo tee " + std::string(noiommu) +
                    " (the NIC may then write anywhere in memory)"};
    }
    const std::vector<std::string> strangers = strangers_in(machine, group);
    if (strangers.empty())
        return {"iommu group", address, State::ok, "group " + group + " has nobody else's devices in it", ""};
    std::string named, cures;
    for (const std::string& stranger : strangers) {
        if (stranger.starts_with(address + ' ')) continue;
        named += (named.empty() ? "" : ", ") + stranger;
        cures += ' ' + stranger.substr(0, stranger.find(' '));
    }
    if (named.empty()) return {"iommu group", address, State::ok, "it is alone in group " + group, ""};
    return {
        "iommu group", address, State::wrong,
        "group " + group + " has devices in it that the kernel drives: " + named + "; vfio wants all of it or nothing",
        "sudo dpdk-devbind.py --bind=vfio-pci" + cures +
            " (they are lost to the kernel), or put the card into another slot"};
}

Finding check_device_file(const Machine& machine, const std::string& address) {
    const std::string group = machine.target(path_of(address) + "/iommu_group");
    const std::string file = group.empty() ? "/dev/vfio/vfio" : "/dev/vfio/" + group;
    if (machine.may_open(file)) return {"permission", file, State::ok, "can be opened", ""};
    if (!machine.has(file)) return {"permission", file, State::wrong, "is not there", "sudo modprobe vfio-pci"};
    return {"permission", file, State::wrong, "may not be opened by this user",
            "run rstwatchd as root, or: sudo chown $(id -un) " + file};
}

Finding check_driver(const Machine& machine, const std::string& address, bool wanted) {
    const std::string driver = driver_of(machine, address);
    if (driver == "vfio-pci") return {"driver", address, State::ok, "vfio-pci", ""};
    if (std::ranges::find(bifurcated, driver) != bifurcated.end())
        return {"driver", address, State::ok, driver + ", beside which DPDK's works", ""};
    if (std::ranges::find(uio, driver) != uio.end())
        return {"driver", address, State::advice, driver + ": works, and lets the NIC write anywhere in memory",
                bind(address)};
    const std::string interfaces = interfaces_of(machine, address);
    const bool in_use = interfaces.find("(up)") != std::string::npos;
    std::string found = driver.empty() ? "none" : "the kernel's " + driver;
    if (!interfaces.empty()) found += ", as " + interfaces;
    if (!wanted) {
        found += "; DPDK does not have it";
        return {"driver", address, State::ok, found, ""};
    }
    return {"driver", address, State::wrong, found + "; DPDK cannot receive from it",
            (in_use ? "first see that nobody needs " + interfaces + ", then: " : "") + bind(address) +
                (interfaces.empty() ? "" : " (its kernel interface disappears)")};
}

std::string iommu_cure(const Machine& machine) {
    const bool intel = machine.field("/proc/cpuinfo", "vendor_id") == "GenuineIntel";
    return std::string("switch on ") + (intel ? "VT-d" : "AMD-Vi (IOMMU)") + " in the firmware, and boot with " +
           (intel ? "intel_iommu=on iommu=pt" : "amd_iommu=on iommu=pt") +
           " (GRUB_CMDLINE_LINUX in /etc/default/grub, then: sudo update-grub); in a virtual machine give it a virtual "
           "IOMMU, or: echo 1 | sudo tee " +
           noiommu;
}

}  // namespace

std::vector<std::string> ethernet_controllers(const Machine& machine) {
    std::vector<std::string> found;
    for (const std::string& address : machine.names("/sys/bus/pci/devices"))
        if (machine.text(path_of(address) + "/class").starts_with("0x0200")) found.push_back(address);
    return found;
}

Findings check_iommu(const Machine& machine, const Needs& needs) {
    const std::size_t groups = machine.names("/sys/kernel/iommu_groups").size();
    if (groups > 0) return {{"iommu", "kernel", State::ok, "on, " + std::to_string(groups) + " groups", ""}};
    const bool bifurcated_only = std::ranges::all_of(needs.pci, [&](const std::string& address) {
        return std::ranges::find(bifurcated, driver_of(machine, address)) != bifurcated.end();
    });
    if (bifurcated_only)
        return {{"iommu", "kernel", State::ok, needs.dpdk() ? "off; these NICs do not need it" : "off, and not needed",
                 ""}};
    if (machine.text(noiommu) == "Y")
        return {
            {"iommu", "kernel", State::advice, "off; vfio works without protection (noiommu)", iommu_cure(machine)}};
    return {{"iommu", "kernel", State::wrong, "off: vfio-pci cannot hand over a NIC", iommu_cure(machine)}};
}

Findings check_nic(const Machine& machine, const std::string& address, bool wanted) {
    if (!machine.has(path_of(address)))
        return {{"nic", address, State::wrong, "is not there", "see which ones are with: lspci -D | grep -i ethernet"}};
    Findings findings{check_driver(machine, address, wanted)};
    const std::string driver = driver_of(machine, address);
    const bool by_vfio = findings.front().state == State::wrong || driver == "vfio-pci";
    if (!wanted || !by_vfio) return findings;
    if (!machine.names("/sys/kernel/iommu_groups").empty() || machine.text(noiommu) == "Y")
        findings.push_back(check_group(machine, address));  // without any, check_iommu() has said so
    if (driver == "vfio-pci") findings.push_back(check_device_file(machine, address));
    return findings;
}

Findings check_nic_node(const Machine& machine, const std::string& address, const Needs& needs) {
    const auto node = machine.number(path_of(address) + "/numa_node");  // -1: the machine does not say
    const std::size_t nodes = machine.list("/sys/devices/system/node/online").size();
    if (nodes < 2) return {{"numa", address, State::ok, "there is one node", ""}};
    if (!node)
        return {{"numa", address, State::advice, "the firmware does not say at which node it is",
                 "see the board's manual for the node of its slot"}};
    const std::set<unsigned> near = machine.list("/sys/devices/system/node/node" + std::to_string(*node) + "/cpulist");
    const std::set<unsigned> cpus = rx_cpus(machine, needs);
    const std::string place = "it is at node " + std::to_string(*node) + ", and received on cpu " + list_of(cpus);
    if (std::ranges::includes(near, cpus)) return {{"numa", address, State::ok, place, ""}};
    return {{"numa", address, State::advice, place + " of another node: each packet crosses between them",
             "taskset -c " + list_of(near) + " rstwatchd ...; in a systemd unit: CPUAffinity=" + list_of(near)}};
}

Findings check_interface(const Machine& machine, const std::string& name) {
    const std::string directory = "/sys/class/net/" + name;
    if (!machine.has(directory))
        return {{"interface", name, State::wrong, "is not there", "see which ones are with: ip -br link"}};
    const std::string state = machine.text(directory + "/operstate");
    if (state == "down")
        return {{"interface", name, State::wrong, "is down", "sudo ip link set " + name + " up; see also its cable"}};
    return {{"interface", name, State::ok, "is " + (state.empty() ? "there" : state), ""}};
}

}  // namespace rstwatch::cli::checkup
