// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/port_set.h"

#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <sstream>
#include <thread>
#include <utility>

#include "dataplane/port/attachment.h"
#include "dataplane/port/eal.h"
#include "dataplane/port/kernel_interface.h"
#include "dataplane/port/numa.h"
#include "dataplane/port/packet_buffers.h"
#include "dataplane/port/packet_stamp.h"
#include "dataplane/port/receive_queues.h"

namespace rstwatch::port {
namespace {

/// A ring of the kernel's bridges longer pauses than a NIC's: nobody refills it but the core itself.
constexpr std::int64_t kernel_ring_per_descriptor = 4;

/// Cores rest for 200 us at most: one that has not parked after this long is being kept from running, and is asked
/// again.
constexpr std::chrono::milliseconds longest_parking(20);
constexpr std::chrono::microseconds parking_poll(100);

/// Nothing where there is no link, or nobody knows.
std::optional<bool> link_up(const Port& port) {
    if (port.is_capture) return std::nullopt;
    if (!port.interface.empty()) return port.has_link && port.is_attached;
    // Without an interface of the kernel, a virtual device makes its state up.
    rte_eth_link link{};
    if (port.is_vdev || rte_eth_link_get_nowait(port.id, &link) != 0) return std::nullopt;
    return link.link_status == RTE_ETH_LINK_UP;
}

/// Takes what device and kernel have counted so far.
void count(Port& port) {
    if (!port.is_attached) return;
    rte_eth_stats stats{};
    if (rte_eth_stats_get(port.id, &stats) != 0) return;
    port.counts.received = stats.ipackets;
    port.counts.errors = stats.ierrors;
    port.counts.no_mbuf = stats.rx_nombuf;
    if (port.missed_by == MissedBy::driver) port.counts.missed = stats.imissed;
    if (port.missed_by == MissedBy::kernel) port.counts.missed += port.sockets.take_drops();
}

/// What the device of an interface that has gone had received until then. Of its errors those do not count that come of
/// its absence.
void keep_counts(Port& port) {
    const std::uint64_t errors = port.counts.errors;
    count(port);
    port.earlier.received += port.counts.received;
    port.earlier.missed += port.counts.missed;
    port.earlier.errors += errors;
    port.earlier.no_mbuf += port.counts.no_mbuf;
    port.counts = PortCounts{};
}

/// What is to be said when the link of an interface comes or goes; empty: nothing.
std::string change_of_link(const Port& port, const std::optional<KernelInterface>& found) {
    if (!port.is_attached || !found || found->has_link == port.has_link) return "";
    return "interface " + port.interface +
           (found->has_link
                ? " has its link again"
                : " has no link any more: see its cable, and the switch's port; nothing is received from it");
}

void note_interface(Port& port, const std::optional<KernelInterface>& found) {
    port.exists = found.has_value();
    port.has_link = found && found->has_link;
    if (!found || !port.is_attached || found->index != port.interface_index) return;
    port.interface_missed += found->missed - port.interface_missed_at;  // modulo 2^32, as the kernel's counters
    port.interface_missed_at = found->missed;
    port.interface_errors += found->errors - port.interface_errors_at;
    port.interface_errors_at = found->errors;
}

bool has_gone(const Port& port, const std::optional<KernelInterface>& found) {
    return !found || found->index != port.interface_index || !port.sockets.still_bound();
}

}  // namespace

PortSet::~PortSet() {
    close();
}

Failure PortSet::open(const config::Settings& settings) {
    settings_ = &settings;
    ports_ = std::vector<Port>(settings.ports.size());
    if (Failure failed = open_captures()) return failed;
    if (Failure failed = prepare()) return failed;
    if (Failure failed = start_environment()) return failed;
    for (Port& port : ports_)
        if (Failure failed = bring_up(port)) return failed;
    return Failure();
}

Failure PortSet::open_captures() {
    std::size_t captures = 0;
    for (std::size_t i = 0; i < ports_.size(); ++i) {
        Port& port = ports_[i];
        if (settings_->ports[i].capture.empty()) continue;
        ++captures;
        port.is_capture = true;
        port.source = settings_->ports[i].capture;
        if (Failure failed = open_capture(port.source, port.capture)) return failed;
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

/// What can be decided and found wrong before DPDK is started.
Failure PortSet::prepare() {
    const std::int64_t ring = settings_->rx.descriptors * kernel_ring_per_descriptor;
    for (std::size_t i = 0; i < ports_.size(); ++i) {
        if (is_replay_) {
            plan_capture(static_cast<unsigned>(i), ports_[i]);
        } else if (Failure failed = plan_live(settings_->ports[i], static_cast<unsigned>(i), ring, ports_[i])) {
            return failed;
        }
    }
    return Failure();
}

Failure PortSet::start_environment() {
    EalNeeds needs;
    needs.rx_cores = static_cast<unsigned>(settings_->rx.queues);
    std::map<PoolKey, std::size_t> ports_of;
    for (const Port& port : ports_) {
        ++ports_of[pool_key(port)];
        if (!port.is_vdev) needs.pci.push_back(port.device);
    }
    std::vector<NodeNeed> on_nodes;
    on_nodes.reserve(ports_of.size());
    for (const auto& [key, ports] : ports_of) {
        if (on_nodes.empty() || on_nodes.back().node != key.first) on_nodes.push_back({key.first, 0});
        on_nodes.back().bytes += memory_needed(*settings_, {ports, key.second});
    }
    on_nodes.front().bytes =
        std::max(on_nodes.front().bytes, static_cast<std::uint64_t>(settings_->rx.memory_mib) << 20);
    for (const NodeNeed& need : on_nodes) needs.memory_bytes += need.bytes;
    const MemoryPlan plan = plan_memory(on_nodes, geteuid() == 0);
    needs.hugepages = plan.hugepages;
    if (!is_replay_)
        remark(needs.pci.empty() || plan.hugepages ? Remark::Level::info : Remark::Level::warning, plan.sentence);
    if (!needs.pci.empty())
        needs.cpus = choose_cpus(allowed_cpus(), cpus_of_node(on_nodes.front().node), needs.rx_cores);
    if (Failure failed = start_eal(needs)) return failed;
    eal_started_ = true;
    for (Port& port : ports_) {
        if (port.is_vdev || !node_of_pci(port.device)) continue;
        const std::string warning = node_warning(port.source, port.node, cpus_of_node(port.node), needs.cpus);
        if (!warning.empty()) port.warnings.push_back(warning);
    }
    if (!register_stamps()) return Failure("DPDK has no room for packet time stamps: " + last_words());
    for (const auto& [key, ports] : ports_of)
        if (Failure failed = create_pool(key, ports, plan.hugepages)) return failed;
    return Failure();
}

PortSet::PoolKey PortSet::pool_key(const Port& port) {
    return {port.node, port.driver == "net_af_xdp" ? af_xdp_buffer_bytes : buffer_bytes};
}

/// Ordinary memory belongs to no node that DPDK knew.
Failure PortSet::create_pool(const PoolKey& key, std::size_t ports, bool hugepages) {
    const auto [node, bytes] = key;
    const std::uint64_t buffers = buffers_needed(*settings_, {ports, bytes});
    const int socket = hugepages && rte_socket_count() > 1 ? static_cast<int>(node) : SOCKET_ID_ANY;
    const std::string name = "packets" + std::to_string(node) + "_" + std::to_string(bytes);
    rte_mempool* pool =
        rte_pktmbuf_pool_create(name.c_str(), static_cast<unsigned>(buffers), buffer_cache, 0, bytes, socket);
    if (pool == nullptr)
        return Failure(std::to_string(buffers) + " packet buffers of " + std::to_string(bytes) +
                       " bytes do not fit: raise rx.memory_mib (" + std::to_string(settings_->rx.memory_mib) +
                       ") or lower rx.mbufs; " + last_words());
    pools_[key] = pool;
    return Failure();
}

/// An interface that is switched off is waited for, like one that has been removed.
Failure PortSet::bring_up(Port& port) {
    if (!port.interface.empty()) {
        const auto found = kernel_interface(port.interface);
        note_interface(port, found);
        if (found && !found->is_up) {
            port.gate.shut();
            port.trouble = "is down; `sudo ip link set " + port.interface + " up`";
            remark(Remark::Level::warning, "interface " + port.interface + " " + port.trouble + ". It is waited for");
            return Failure();
        }
    }
    const std::size_t told = port.is_attached ? port.warnings.size() : 0;
    if (Failure failed = attach(port)) return failed;
    if (Failure failed = start_receiving(port, *settings_, pools_.at(pool_key(port)))) return failed;
    listen_to_all(port);
    for (std::size_t i = told; i < port.warnings.size(); ++i) remark(Remark::Level::warning, port.warnings[i]);
    if (!port.is_capture)
        remark(Remark::Level::info, "port " + port.source + ": " + (port.why.empty() ? port.driver : port.why));
    return Failure();
}

void PortSet::watch() {
    for (Port& port : ports_) {
        if (port.interface.empty()) continue;
        const auto found = kernel_interface(port.interface);
        if (std::string change = change_of_link(port, found); !change.empty())
            remark(found->has_link ? Remark::Level::info : Remark::Level::warning, std::move(change));
        note_interface(port, found);
        if (!port.gate.shut_now()) {
            if (has_gone(port, found)) {
                port.gate.shut();
                leave(port);
            } else {
                count(port);
            }
        } else if (port.is_attached) {
            leave(port);
        } else if (found && found->is_up) {
            come_back(port);
        }
    }
}

/// Once no core polls it any more; else at the next look.
void PortSet::leave(Port& port) {
    const auto end = std::chrono::steady_clock::now() + longest_parking;
    while (!port.gate.parked(port.queues)) {
        if (std::chrono::steady_clock::now() >= end) return;
        std::this_thread::sleep_for(parking_poll);
    }
    keep_counts(port);
    detach(port);
    ++port.removals;
    remark(Remark::Level::warning, "interface " + port.interface +
                                       " has been removed: nothing is received from it. It is waited for; "
                                       "`ip link` shows which interfaces there are");
}

void PortSet::come_back(Port& port) {
    Failure failed = attach(port);
    if (!failed) failed = start_receiving(port, *settings_, pools_.at(pool_key(port)));
    if (failed) {
        detach(port);
        if (port.trouble != failed.message())
            remark(Remark::Level::warning, "interface " + port.interface + " is there again, but: " + failed.message());
        port.trouble = failed.message();
        return;
    }
    listen_to_all(port);
    port.trouble.clear();
    port.gate.open();
    remark(Remark::Level::info, "interface " + port.interface + " is there: receiving from it by " + port.driver);
}

std::vector<tally::PortStatus> PortSet::status() {
    std::vector<tally::PortStatus> all;
    for (Port& port : ports_) {
        if (port.interface.empty()) count(port);
        tally::PortStatus status;
        status.name = port.device;
        status.source = port.source;
        status.link = describe(port.link);
        status.driver = port.driver;
        status.why = port.why;
        status.link_up = link_up(port);
        status.removed = !port.exists;
        status.queues = port.queues;
        status.removals = port.removals;
        status.warnings = port.warnings;
        if (!port.trouble.empty()) status.warnings.push_back(port.trouble);
        status.received = port.earlier.received + port.counts.received;
        // A driver on a kernel interface sees none of what came broken.
        status.errors = port.earlier.errors + port.counts.errors + port.interface_errors;
        status.no_mbuf = port.earlier.no_mbuf + port.counts.no_mbuf;
        if (port.missed_by != MissedBy::nobody) status.missed = port.earlier.missed + port.counts.missed;
        if (!port.interface.empty()) status.interface_missed = port.interface_missed;
        all.push_back(std::move(status));
    }
    return all;
}

std::vector<Remark> PortSet::take_remarks() {
    std::istringstream raw(take_raw_words());
    for (std::string line; std::getline(raw, line);)
        if (!line.empty()) remark(Remark::Level::debug, "DPDK: " + line);
    return std::exchange(remarks_, {});
}

void PortSet::close() {
    for (Port& port : ports_) {
        detach(port);
        if (port.capture.descriptor >= 0) ::close(port.capture.descriptor);
    }
    ports_.clear();
    if (eal_started_) stop_eal();
    eal_started_ = false;
}

}  // namespace rstwatch::port
