// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/port.h"

#include <pcap/pcap.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "dataplane/port/eal.h"
#include "dataplane/port/packet_stamp.h"
#include "dataplane/port/symmetric_rss.h"

namespace rstwatch::port {
namespace {

/// Most frames of a capture fit into one buffer of this size, also those that a kernel had not cut yet.
constexpr std::uint16_t buffer_bytes = 9728;
/// Buffers that the longest frame takes: the pcap driver copies one buffer and at most 65,535 bytes of the rest.
constexpr unsigned buffers_per_frame = 8;
constexpr unsigned buffer_cache = 128;
/// What net_pcap asks libpcap for; a kernel's joined segments on the loopback are a little longer.
constexpr std::size_t live_snap_length = 65535;

std::uint64_t buffers_needed(const config::Settings& settings) {
    const auto burst = static_cast<std::uint64_t>(settings.rx.burst);
    const auto queues = static_cast<std::uint64_t>(settings.rx.queues);
    const std::uint64_t ports = std::max<std::size_t>(settings.ports.size(), 1);
    // A file waits for a core that is behind; a wire does not, and is buffered for.
    const bool replay = !settings.ports.empty() && !settings.ports.front().capture.empty();
    // In flight at worst: a burst of every port and of every core that others forward to, and what waits in the rings
    // between them. Nothing of a replay may be lost, also if all of it is frames of the largest size.
    const std::uint64_t bursts = (ports + queues - 1) * burst * buffers_per_frame;
    const std::uint64_t in_rings = (queues - 1) * static_cast<std::uint64_t>(settings.rx.forward_ring);
    const std::uint64_t cached = (queues + 1) * buffer_cache * 2;
    const std::uint64_t in_flight = bursts + in_rings * (replay ? buffers_per_frame : 1) + cached;
    if (replay) return in_flight;
    const auto per_queue = static_cast<std::uint64_t>(std::max(settings.rx.mbufs, settings.rx.descriptors));
    return ports * queues * per_queue + in_flight;
}

/// Buffers with their headers, and what DPDK needs besides.
std::uint64_t memory_needed(const config::Settings& settings) {
    constexpr std::uint64_t overhead = 48u << 20;
    return buffers_needed(settings) * (buffer_bytes + 512u) + overhead;
}

/// Where the kernel's own name for an interface is enough to know its link layer (net/if_arp.h).
Failure link_of_interface(const std::string& name, packet::LinkType& link) {
    char words[PCAP_ERRBUF_SIZE] = "";
    pcap_t* handle = pcap_open_live(name.c_str(), 64, 0, 1, words);
    if (handle == nullptr)
        return Failure("interface " + name + " cannot be opened: " + words +
                       "; `ip link` lists the names; root or CAP_NET_RAW with CAP_NET_ADMIN may open them");
    const int dlt = pcap_datalink(handle);
    pcap_close(handle);
    const auto found = link_type_of_dlt(dlt);
    if (!found)
        return Failure("interface " + name + " has link type " + std::to_string(dlt) +
                       ", which cannot be parsed; supported are Ethernet, Linux cooked, raw IP and loopback");
    link = *found;
    return Failure();
}

Failure attach_vdev(const std::string& name, const std::string& arguments, const std::string& source, Port& port) {
    (void)last_words();
    const int result = rte_eal_hotplug_add("vdev", name.c_str(), arguments.c_str());
    if (result != 0)
        return Failure(source + ": DPDK device " + name + " with `" + arguments + "` cannot be set up (" +
                       rte_strerror(-result) + "): " + last_words());
    if (rte_eth_dev_get_port_by_name(name.c_str(), &port.id) != 0)
        return Failure(source + ": DPDK device " + name + " has made no port: " + last_words());
    return Failure();
}

/// "net_pcap0,iface=lo" is how DPDK's own tools write a device and its arguments.
Failure attach_named_vdev(const std::string& text, Port& port) {
    const std::size_t comma = text.find(',');
    return attach_vdev(text.substr(0, comma), comma == std::string::npos ? "" : text.substr(comma + 1), "vdev " + text,
                       port);
}

Failure attach_pci(const std::string& address, Port& port) {
    if (rte_eth_dev_get_port_by_name(address.c_str(), &port.id) == 0) return Failure();
    return Failure("PCI device " + address + ": no DPDK port; bind it to vfio-pci with `dpdk-devbind.py -b vfio-pci " +
                   address + "`: " + last_words());
}

void spread_over_queues(const rte_eth_dev_info& info, rte_eth_conf& conf, std::vector<std::uint8_t>& key) {
    key = symmetric_rss_key(info.hash_key_size);
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf.rx_adv_conf.rss_conf.rss_key = key.data();
    conf.rx_adv_conf.rss_conf.rss_key_len = static_cast<std::uint8_t>(key.size());
    conf.rx_adv_conf.rss_conf.rss_hf =
        info.flow_type_rss_offloads & (RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV6_TCP);
}

/// The queue of hash h is h mod 128 mod n, as owner_of() has it, whatever the device's own default.
void fill_redirection_table(std::uint16_t id, const rte_eth_dev_info& info, unsigned queues) {
    std::array<rte_eth_rss_reta_entry64, 8> table{};
    const unsigned size = std::min<unsigned>(info.reta_size, table.size() * RTE_ETH_RETA_GROUP_SIZE);
    for (unsigned i = 0; i < size; ++i) {
        auto& group = table[i / RTE_ETH_RETA_GROUP_SIZE];
        group.mask = ~std::uint64_t{0};
        group.reta[i % RTE_ETH_RETA_GROUP_SIZE] = static_cast<std::uint16_t>(owner_of(i, queues));
    }
    if (size > 0) (void)rte_eth_dev_rss_reta_update(id, table.data(), static_cast<std::uint16_t>(size));
}

}  // namespace

PortSet::~PortSet() {
    close();
}

Failure PortSet::open(const config::Settings& settings) {
    Failure failed = open_captures(settings);
    if (failed) return failed;

    EalNeeds needs;
    needs.memory_bytes = std::max(memory_needed(settings), static_cast<std::uint64_t>(settings.rx.memory_mib) << 20);
    needs.rx_cores = static_cast<unsigned>(settings.rx.queues);
    for (const config::Port& port : settings.ports)
        if (!port.pci.empty()) needs.pci.push_back(port.pci);
    needs.pin_cores = !needs.pci.empty();
    if ((failed = start_eal(needs))) return failed;
    eal_started_ = true;
    if (!register_stamps()) return Failure("DPDK has no room for packet time stamps: " + last_words());
    if ((failed = create_pool(settings))) return failed;
    for (std::size_t i = 0; i < ports_.size(); ++i) {
        if ((failed = attach(settings.ports[i], ports_[i], static_cast<unsigned>(i)))) return failed;
        if ((failed = start(ports_[i], settings))) return failed;
    }
    return Failure();
}

Failure PortSet::open_captures(const config::Settings& settings) {
    std::size_t captures = 0;
    for (const config::Port& wanted : settings.ports) {
        Port& port = ports_.emplace_back();
        if (wanted.capture.empty()) continue;
        ++captures;
        port.is_capture = true;
        port.source = wanted.capture;
        if (Failure failed = open_capture(wanted.capture, port.capture)) return failed;
        port.link = port.capture.link;
        port.wire_lengths = WireLengths::of(port.capture);
        if (!port.capture.is_stream) continue;
        if (Failure failed = CaptureStream::start(port.capture, port.stream)) return failed;
    }
    if (ports_.size() > RTE_MAX_ETHPORTS)
        return Failure(std::to_string(ports_.size()) + " ports are more than the " + std::to_string(RTE_MAX_ETHPORTS) +
                       " that DPDK was built for; join captures with `mergecap -w ALL FILE...` first");
    if (captures != 0 && captures != ports_.size())
        return Failure(std::to_string(captures) + " capture files among " + std::to_string(ports_.size()) +
                       " ports: a capture brings its own time; replay captures alone, or watch live ports alone");
    is_replay_ = captures != 0;
    return Failure();
}

Failure PortSet::create_pool(const config::Settings& settings) {
    pool_ = rte_pktmbuf_pool_create("packets", static_cast<unsigned>(buffers_needed(settings)), buffer_cache, 0,
                                    buffer_bytes, SOCKET_ID_ANY);
    if (pool_ != nullptr) return Failure();
    return Failure(std::to_string(buffers_needed(settings)) + " packet buffers of " + std::to_string(buffer_bytes) +
                   " bytes do not fit: raise rx.memory_mib (" + std::to_string(settings.rx.memory_mib) +
                   ") or lower rx.mbufs; " + last_words());
}

Failure PortSet::attach(const config::Port& wanted, Port& port, unsigned number) {
    const std::string name = "net_pcap_rstwatch" + std::to_string(number);
    if (port.is_capture) {
        // By descriptor: a comma in the file's name would end the device argument.
        const int descriptor = port.stream ? port.stream->descriptor() : port.capture.descriptor;
        return attach_vdev(name, "rx_pcap=/proc/self/fd/" + std::to_string(descriptor), port.source, port);
    }
    port.drops_known = false;
    if (!wanted.interface.empty()) {
        port.source = wanted.interface;
        if (Failure failed = link_of_interface(wanted.interface, port.link)) return failed;
        port.uncut_below = live_snap_length;
        // net_pcap sees each packet of the loopback once, where af_packet sees it leave and arrive.
        return attach_vdev(name, "iface=" + wanted.interface, "interface " + wanted.interface, port);
    }
    if (!wanted.vdev.empty()) {
        port.source = wanted.vdev;
        return attach_named_vdev(wanted.vdev, port);
    }
    port.source = wanted.pci;
    port.uncut_below = live_snap_length;
    port.drops_known = true;
    return attach_pci(wanted.pci, port);
}

Failure PortSet::start(Port& port, const config::Settings& settings) {
    const auto fail = [&](const char* what, int result) {
        return Failure(port.source + ": " + what + " failed (" + rte_strerror(-result) + "): " + last_words());
    };
    rte_eth_dev_info info{};
    int result = rte_eth_dev_info_get(port.id, &info);
    if (result != 0) return fail("reading the device's abilities", result);

    rte_eth_conf conf{};
    std::vector<std::uint8_t> key;
    port.queues = static_cast<std::uint16_t>(std::min<std::int64_t>(settings.rx.queues, info.max_rx_queues));
    const bool has_rss = info.hash_key_size > 0 && info.flow_type_rss_offloads != 0;
    if (port.is_capture || !has_rss) port.queues = std::min<std::uint16_t>(port.queues, 1);
    if (port.queues > 1) spread_over_queues(info, conf, key);
    const auto tx_queues = static_cast<std::uint16_t>(std::min<int>(info.max_tx_queues, 1));
    result = rte_eth_dev_configure(port.id, port.queues, tx_queues, &conf);
    if (result != 0) return fail("configuring its queues", result);

    auto descriptors = static_cast<std::uint16_t>(std::min<std::int64_t>(settings.rx.descriptors, 32768));
    std::uint16_t tx_descriptors = 64;
    (void)rte_eth_dev_adjust_nb_rx_tx_desc(port.id, &descriptors, &tx_descriptors);
    const auto socket = static_cast<unsigned>(std::max(rte_eth_dev_socket_id(port.id), 0));
    for (std::uint16_t queue = 0; queue < port.queues; ++queue) {
        result = rte_eth_rx_queue_setup(port.id, queue, descriptors, socket, nullptr, pool_);
        if (result != 0) return fail("setting up a receive queue", result);
    }
    // Nothing is ever sent; drivers that insist on a transmit queue get one.
    if (tx_queues > 0) {
        result = rte_eth_tx_queue_setup(port.id, 0, tx_descriptors, socket, nullptr);
        if (result != 0) return fail("setting up the unused transmit queue", result);
    }
    if ((result = rte_eth_dev_start(port.id)) != 0) return fail("starting", result);
    port.is_started = true;
    if (!port.is_capture) (void)rte_eth_promiscuous_enable(port.id);
    if (port.queues > 1) fill_redirection_table(port.id, info, port.queues);
    return Failure();
}

std::vector<tally::PortStatus> PortSet::status() const {
    std::vector<tally::PortStatus> all;
    for (const Port& port : ports_) {
        tally::PortStatus status;
        char name[RTE_ETH_NAME_MAX_LEN] = "";
        if (rte_eth_dev_get_name_by_port(port.id, name) == 0) status.name = name;
        status.source = port.source;
        status.link = describe(port.link);
        rte_eth_stats stats{};
        if (rte_eth_stats_get(port.id, &stats) == 0) {
            status.received = stats.ipackets;
            status.errors = stats.ierrors;
            status.no_mbuf = stats.rx_nombuf;
            if (port.drops_known) status.missed = stats.imissed;
        }
        all.push_back(std::move(status));
    }
    return all;
}

void PortSet::close() {
    for (const Port& port : ports_) {
        if (port.capture.descriptor >= 0) ::close(port.capture.descriptor);
        if (!port.is_started) continue;
        (void)rte_eth_dev_stop(port.id);
        (void)rte_eth_dev_close(port.id);
    }
    ports_.clear();
    if (eal_started_) stop_eal();
    eal_started_ = false;
}

CaptureEnd capture_end(Port& port) {
    CaptureEnd end;
    rte_eth_stats stats{};
    (void)rte_eth_stats_get(port.id, &stats);
    end.lost_packets = stats.rx_nombuf > 0;
    if (port.stream) {
        const std::string error = port.stream->error();
        if (!error.empty()) end.damage = error;
    }
    if (end.damage.empty() && stats.ierrors > 0)
        end.damage = port.stream ? "ends inside a packet, after " + std::to_string(stats.ipackets) + " packets"
                                 : describe_damage(port.source);
    if (end.damage.empty() && stats.ierrors > 0) end.damage = "was damaged while it was read";
    return end;
}

}  // namespace rstwatch::port
