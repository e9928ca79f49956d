// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/driver_choice.h"

#include <sys/resource.h>

#include <algorithm>
#include <bit>
#include <fstream>

#include "dataplane/port/capture_file.h"
#include "dataplane/port/rights.h"

namespace rstwatch::port {
namespace {

/// What DPDK's net_pcap asks libpcap for (RTE_ETHER_MAX_JUMBO_FRAME_LEN): joined segments on the loopback are longer.
constexpr std::size_t pcap_snap_length = 0x3F00;

/// A slot of the kernel's ring. All headers fit, and the first payload as far as anybody looks at it.
constexpr std::uint64_t frame_bytes = 2048;
/// Of these the kernel's own header, address and alignment take less than this (tpacket_rcv() in net/packet).
constexpr std::size_t frame_overhead = 128;
/// What the kernel allocates in one piece; the number of packets is a multiple of the frames in it.
constexpr std::uint64_t block_bytes = 65536;
constexpr std::uint64_t frames_per_block = block_bytes / frame_bytes;
/// DPDK's driver makes a ring for sending of the same size, and locks both.
constexpr std::uint64_t rings = 2;

DriverChoice pcap(const std::string& interface, const std::string& why) {
    return {"net_pcap", "iface=" + interface, why, pcap_snap_length, ""};
}

std::optional<std::uint64_t> lockable_bytes() {
    rlimit limit{};
    if (has(Capability::ipc_lock) || getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return std::nullopt;
    std::ifstream status("/proc/self/status");
    std::uint64_t locked_kib = 0;
    for (std::string word; status >> word;)
        if (word == "VmLck:") status >> locked_kib;
    const std::uint64_t locked = locked_kib << 10;
    return limit.rlim_cur > locked ? limit.rlim_cur - locked : 0;
}

std::uint64_t ring_frames(std::uint64_t wanted, std::optional<std::uint64_t> lockable) {
    std::uint64_t frames = wanted;
    if (lockable) frames = std::min(frames, *lockable / (rings * frame_bytes));
    return std::max(frames / frames_per_block * frames_per_block, frames_per_block);
}

}  // namespace

InterfaceRights interface_rights() {
    return {has(Capability::net_admin), lockable_bytes()};
}

DriverChoice choose_driver(const std::string& interface, bool is_loopback, packet::LinkType link,
                           std::uint64_t ring_packets, const InterfaceRights& rights) {
    if (is_loopback)
        return pcap(
            interface,
            "net_pcap, because packet sockets see each packet of the loopback twice, and libpcap leaves one of the "
            "two out");
    if (link != packet::LinkType::ethernet)
        return pcap(interface, "net_pcap, because libpcap knows what " + describe(link) + " frames look like");
    if (!rights.may_administer) {
        DriverChoice choice = pcap(interface,
                                   "net_pcap, because net_af_packet, which keeps more packets while its core is "
                                   "busy, takes the right CAP_NET_ADMIN");
        choice.warning = "interface " + interface + " is read through libpcap, whose buffer is small: the right " +
                         name_of(Capability::net_admin) + " is missing; " + cure_of(Capability::net_admin);
        return choice;
    }
    const std::uint64_t wanted = ring_frames(ring_packets, std::nullopt);
    const std::uint64_t frames = ring_frames(ring_packets, rights.lockable_bytes);
    DriverChoice choice;
    choice.driver = "net_af_packet";
    choice.arguments = "iface=" + interface + ",blocksz=" + std::to_string(block_bytes) +
                       ",framesz=" + std::to_string(frame_bytes) + ",framecnt=" + std::to_string(frames);
    choice.why = "net_af_packet, because the kernel keeps up to " + std::to_string(frames) +
                 " packets for it while its core is busy, and counts what it loses";
    choice.uncut_below = frame_bytes - frame_overhead;
    if (frames < wanted)
        choice.warning = "interface " + interface + ": the kernel keeps " + std::to_string(frames) +
                         " packets for it instead of " + std::to_string(wanted) +
                         ", since a limit (RLIMIT_MEMLOCK) of " + std::to_string(*rights.lockable_bytes >> 10) +
                         " KiB is left for locked memory; " + cure_of(Capability::ipc_lock) +
                         ", or LimitMEMLOCK=infinity there";
    return choice;
}

}  // namespace rstwatch::port
