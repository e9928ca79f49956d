// SPDX-License-Identifier: Apache-2.0
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

// DPDK's net_af_packet puts each of its sockets into a fan-out group (packet(7)), also one that is alone in it, and
// numbers the group (process id xor interface index) mod 2^16. That number is not a daemon's own. Where it is that of a
// group on another interface, the kernel refuses it, and the driver gives up. Daemons in containers have the same
// process id: on one interface they share a group without knowing, and each packet is shown to one of them. Besides,
// the driver has the kernel put fragments together first (PACKET_FANOUT_FLAG_DEFRAG), so that those whose datagram
// stays incomplete are never seen nor counted.
//
// So the drivers meet this setsockopt() before the one of the C library: shared libraries look a function up in the
// program first, among the symbols that it exports (see meson.build). A socket without a group is shown all packets.
extern "C" int setsockopt(int descriptor, int level, int option, const void* value, socklen_t length) noexcept {
    if (level == SOL_PACKET && option == PACKET_FANOUT) return 0;
    return static_cast<int>(syscall(SYS_setsockopt, descriptor, level, option, value, length));
}
