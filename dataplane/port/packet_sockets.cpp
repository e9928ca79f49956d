// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/packet_sockets.h"

#include <linux/if_packet.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string>

namespace rstwatch::port {
namespace {

bool is_packet_socket(int descriptor) {
    int domain = 0;
    socklen_t length = sizeof domain;
    return getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 && domain == AF_PACKET;
}

/// packet(7): the index of the interface that it is bound to; no valid one once that has gone.
bool is_bound_to(int descriptor, unsigned interface_index) {
    sockaddr_ll address{};
    socklen_t length = sizeof address;
    return getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length) == 0 &&
           address.sll_ifindex == static_cast<int>(interface_index);
}

}  // namespace

std::vector<int> PacketSockets::bound_to(unsigned interface_index) {
    std::vector<int> found;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
        const std::string name = entry.path().filename();
        int descriptor = -1;
        std::from_chars(name.data(), name.data() + name.size(), descriptor);
        if (is_packet_socket(descriptor) && is_bound_to(descriptor, interface_index)) found.push_back(descriptor);
    }
    return found;
}

void PacketSockets::find(unsigned interface_index, const std::vector<int>& others) {
    interface_index_ = interface_index;
    descriptors_ = bound_to(interface_index);
    std::erase_if(descriptors_, [&](int each) { return std::ranges::find(others, each) != others.end(); });
}

bool PacketSockets::still_bound() const {
    return std::ranges::all_of(descriptors_, [this](int each) { return is_bound_to(each, interface_index_); });
}

bool PacketSockets::receive_everything() const {
    packet_mreq wish{};
    wish.mr_ifindex = static_cast<int>(interface_index_);
    wish.mr_type = PACKET_MR_PROMISC;
    return std::ranges::all_of(descriptors_, [&](int each) {
        return setsockopt(each, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &wish, sizeof wish) == 0;
    });
}

std::uint64_t PacketSockets::take_drops() const {
    std::uint64_t drops = 0;
    for (const int each : descriptors_) {
        tpacket_stats counts{};
        socklen_t length = sizeof counts;
        if (getsockopt(each, SOL_PACKET, PACKET_STATISTICS, &counts, &length) == 0) drops += counts.tp_drops;
    }
    return drops;
}

}  // namespace rstwatch::port
