// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/packet_sockets.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <functional>
#include <thread>

#include "dataplane/port/kernel_interface.h"

namespace rstwatch::port {
namespace {

/// Runs `body` in a thread with a network of its own, whose loopback is up. False where that is not allowed.
bool in_own_network(const std::function<void()>& body) {
    bool done = false;
    std::thread([&] {
        if (unshare(CLONE_NEWNET) != 0) return;
        ifreq request{};
        std::strcpy(request.ifr_name, "lo");
        request.ifr_flags = IFF_UP;
        const int control = socket(AF_INET, SOCK_DGRAM, 0);
        done = ioctl(control, SIOCSIFFLAGS, &request) == 0;
        close(control);
        if (done) body();
    }).join();
    return done;
}

/// A packet socket with a ring of `frames`, as DPDK's driver makes it.
int ring_socket(unsigned interface_index, unsigned frames) {
    const int descriptor = socket(AF_PACKET, SOCK_RAW, 0);
    const int version = TPACKET_V2;
    EXPECT_EQ(setsockopt(descriptor, SOL_PACKET, PACKET_VERSION, &version, sizeof version), 0);
    const tpacket_req ring{4096, frames / 2, 2048, frames};
    EXPECT_EQ(setsockopt(descriptor, SOL_PACKET, PACKET_RX_RING, &ring, sizeof ring), 0);
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(interface_index);
    EXPECT_EQ(bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return descriptor;
}

void send_frames(unsigned interface_index, unsigned count) {
    const int descriptor = socket(AF_PACKET, SOCK_RAW, 0);
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_ifindex = static_cast<int>(interface_index);
    std::array<std::uint8_t, 60> frame{};
    frame[12] = 0x88, frame[13] = 0xb5;  // an experiment's EtherType: nobody answers
    for (unsigned i = 0; i < count; ++i)
        EXPECT_EQ(sendto(descriptor, frame.data(), frame.size(), 0, reinterpret_cast<const sockaddr*>(&address),
                         sizeof address),
                  static_cast<ssize_t>(frame.size()));
    close(descriptor);
}

TEST(PacketSockets, AddUpWhatTheKernelHadNoRoomFor) {
    const bool allowed = in_own_network([] {
        const unsigned lo = kernel_interface("lo").value().index;
        const int descriptor = ring_socket(lo, 8);
        PacketSockets sockets;
        sockets.find(lo, {});
        ASSERT_TRUE(sockets.found());
        EXPECT_EQ(sockets.take_drops(), 0u);
        send_frames(lo, 10);  // the loopback shows each of them twice: 20 for 8 places
        EXPECT_EQ(sockets.take_drops(), 12u);
        EXPECT_EQ(sockets.take_drops(), 0u);  // told once
        send_frames(lo, 1);
        EXPECT_EQ(sockets.take_drops(), 2u);
        close(descriptor);
    });
    if (!allowed) GTEST_SKIP() << "needs the right to make a network namespace";
}

TEST(PacketSockets, TakeOnlyTheirOwn) {
    const bool allowed = in_own_network([] {
        const unsigned lo = kernel_interface("lo").value().index;
        const int other = ring_socket(lo, 8);
        const std::vector<int> others = PacketSockets::bound_to(lo);
        EXPECT_EQ(others, std::vector<int>{other});
        PacketSockets sockets;
        sockets.find(lo, others);
        EXPECT_FALSE(sockets.found());
        const int own = ring_socket(lo, 16);
        sockets.find(lo, others);
        EXPECT_TRUE(sockets.found());
        EXPECT_TRUE(sockets.still_bound());
        send_frames(lo, 10);
        EXPECT_EQ(sockets.take_drops(), 4u);
        close(own);
        close(other);
    });
    if (!allowed) GTEST_SKIP() << "needs the right to make a network namespace";
}

TEST(KernelInterface, SaysWhatThereIs) {
    const bool allowed = in_own_network([] {
        const auto lo = kernel_interface("lo");
        ASSERT_TRUE(lo.has_value());
        EXPECT_TRUE(lo->is_up);
        EXPECT_TRUE(lo->has_link);
        EXPECT_TRUE(lo->is_loopback);
        EXPECT_EQ(lo->index, if_nametoindex("lo"));
        EXPECT_FALSE(kernel_interface("eth77").has_value());
        EXPECT_FALSE(kernel_interface("").has_value());
    });
    if (!allowed) GTEST_SKIP() << "needs the right to make a network namespace";
}

}  // namespace
}  // namespace rstwatch::port
