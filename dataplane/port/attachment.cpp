// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/attachment.h"

#include <pcap/pcap.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include <string_view>

#include "dataplane/port/driver_choice.h"
#include "dataplane/port/eal.h"
#include "dataplane/port/kernel_interface.h"
#include "dataplane/port/numa.h"
#include "dataplane/port/pci_device.h"
#include "dataplane/port/rights.h"

namespace rstwatch::port {
namespace {

/// Frames of a NIC are never cut.
constexpr std::size_t never_cut = 65535;

/// libpcap knows link layers by the kernel's name for them (net/if_arp.h).
Failure link_of_interface(const std::string& name, packet::LinkType& link) {
    char words[PCAP_ERRBUF_SIZE] = "";
    pcap_t* handle = pcap_open_live(name.c_str(), 64, 0, 1, words);
    if (handle == nullptr) return Failure("interface " + name + " cannot be opened: " + words);
    const int dlt = pcap_datalink(handle);
    pcap_close(handle);
    const auto found = link_type_of_dlt(dlt);
    if (!found)
        return Failure("interface " + name + " has link type " + std::to_string(dlt) +
                       ", which cannot be parsed; supported are Ethernet, Linux cooked, raw IP and loopback");
    link = *found;
    return Failure();
}

/// Of "iface=lo,qpairs=1" `iface` has "lo"; empty: it is not there.
std::string value_in(const std::string& arguments, const std::string& key) {
    const std::string all = "," + arguments;
    const std::size_t at = all.find("," + key + "=");
    if (at == std::string::npos) return "";
    const std::size_t begin = at + key.size() + 2;
    return all.substr(begin, all.find(',', begin) - begin);
}

/// As libpcap's and the kernel's drivers call it.
std::string interface_in(const std::string& arguments) {
    for (const char* key : {"rx_iface_in", "rx_iface", "iface"})
        if (std::string found = value_in(arguments, key); !found.empty()) return found;
    return "";
}

/// Each queue of af_packet is a socket of its own, and all of them would be shown the same packets.
Failure check_queues(const Port& port) {
    const std::string pairs = value_in(port.arguments, "qpairs");
    if (port.driver == "net_af_packet" && !pairs.empty() && pairs != "1")
        return Failure("the DPDK device " + port.device + ": qpairs=" + pairs +
                       " would receive every packet as often; leave it out, rx.queues spreads packets over cores");
    return Failure();
}

/// Without the number behind it: "net_pcap" of "net_pcap0", and of "eth_pcap0", as DPDK called it before.
std::string driver_in(const std::string& device) {
    for (const std::string_view driver : {"net_af_packet", "net_af_xdp", "net_pcap"})
        if (device.starts_with(driver) || device.starts_with("eth_" + std::string(driver.substr(4))))
            return std::string(driver);
    return device.substr(0, device.find_last_not_of("0123456789") + 1);
}

MissedBy counter_of(const std::string& driver) {
    if (driver == "net_pcap") return MissedBy::driver;  // libpcap's ps_drop
    // DPDK 22.11's drivers on the kernel report 0, whatever was lost. Of virtual devices nobody knows.
    return driver == "net_af_packet" ? MissedBy::kernel : MissedBy::nobody;
}

Failure plan_interface(const std::string& name, unsigned number, std::int64_t ring_packets, Port& port) {
    port.source = name;
    port.interface = name;
    const auto found = kernel_interface(name);
    if (!found) return Failure("interface " + name + " does not exist; `ip link` lists the names");
    if (!has(Capability::net_raw))
        return Failure("interface " + name + " cannot be opened: the right " + name_of(Capability::net_raw) +
                       " is missing; " + cure_of(Capability::net_raw));
    if (Failure failed = link_of_interface(name, port.link)) return failed;
    const DriverChoice choice = choose_driver(name, found->is_loopback, port.link,
                                              static_cast<std::uint64_t>(ring_packets), interface_rights());
    port.driver = choice.driver;
    port.device = choice.driver + "_rstwatch" + std::to_string(number);
    port.arguments = choice.arguments;
    port.why = choice.why;
    port.uncut_below = choice.uncut_below;
    if (!choice.warning.empty()) port.warnings.push_back(choice.warning);
    return Failure();
}

Failure plan_vdev(const std::string& text, Port& port) {
    port.source = text;
    const std::size_t comma = text.find(',');
    port.device = text.substr(0, comma);
    if (comma != std::string::npos) port.arguments = text.substr(comma + 1);
    port.driver = driver_in(port.device);
    if (port.driver == "net_pcap" || port.driver == "net_af_packet" || port.driver == "net_af_xdp")
        port.interface = interface_in(port.arguments);
    return check_queues(port);
}

Failure plan_pci(const std::string& address, Port& port) {
    port.source = address;
    port.device = address;
    port.uncut_below = never_cut;
    port.node = node_of_pci(address).value_or(0);
    return check_pci(address);
}

}  // namespace

Failure plan_live(const config::Port& wanted, unsigned number, std::int64_t ring_packets, Port& port) {
    port.is_vdev = wanted.pci.empty();
    Failure failed;
    if (!wanted.interface.empty()) failed = plan_interface(wanted.interface, number, ring_packets, port);
    if (!wanted.vdev.empty()) failed = plan_vdev(wanted.vdev, port);
    if (!wanted.pci.empty()) failed = plan_pci(wanted.pci, port);
    port.missed_by = port.is_vdev ? counter_of(port.driver) : MissedBy::driver;
    return failed;
}

void plan_capture(unsigned number, Port& port) {
    port.is_vdev = true;
    port.driver = "net_pcap";
    port.device = "net_pcap_rstwatch" + std::to_string(number);
    port.missed_by = MissedBy::driver;  // of a file nothing is lost
    // By descriptor: a comma in the file's name would end the device argument.
    const int descriptor = port.stream ? port.stream->descriptor() : port.capture.descriptor;
    port.arguments = "rx_pcap=/proc/self/fd/" + std::to_string(descriptor);
}

Failure attach(Port& port) {
    std::vector<int> others;
    if (const auto found = kernel_interface(port.interface)) {
        port.interface_index = found->index;
        port.interface_missed_at = found->missed;
        port.interface_errors_at = found->errors;
        others = PacketSockets::bound_to(found->index);
    }
    (void)last_words();
    if (port.is_vdev) {
        const int result = rte_eal_hotplug_add("vdev", port.device.c_str(), port.arguments.c_str());
        if (result != 0)
            return Failure(port.source + ": the DPDK device " + port.device +
                           (port.arguments.empty() ? "" : " with `" + port.arguments + "`") +
                           " cannot be set up: " + last_words());
    }
    if (rte_eth_dev_get_port_by_name(port.device.c_str(), &port.id) != 0) {
        if (port.is_vdev) (void)rte_eal_hotplug_remove("vdev", port.device.c_str());
        return Failure(port.source + ": the DPDK device " + port.device + " has made no port: " + last_words());
    }
    port.is_attached = true;
    rte_eth_dev_info info{};
    if (!port.is_vdev && rte_eth_dev_info_get(port.id, &info) == 0) port.driver = info.driver_name;
    if (port.missed_by == MissedBy::kernel) port.sockets.find(port.interface_index, others);
    return Failure();
}

void listen_to_all(Port& port) {
    if (port.is_capture) return;
    const bool done = port.sockets.found() ? port.sockets.receive_everything()
                                           : port.driver == "net_pcap" || rte_eth_promiscuous_enable(port.id) == 0;
    if (!done)
        port.warnings.push_back(port.source +
                                ": cannot be switched to promiscuous mode; what is not addressed to it may be "
                                "missing: see whether it is a mirror port of its own");
}

void detach(Port& port) {
    if (!port.is_attached) return;
    port.is_attached = false;
    port.sockets.forget();
    (void)rte_eth_dev_stop(port.id);
    if (port.is_vdev)
        (void)rte_eal_hotplug_remove("vdev", port.device.c_str());
    else
        (void)rte_eth_dev_close(port.id);
}

}  // namespace rstwatch::port
