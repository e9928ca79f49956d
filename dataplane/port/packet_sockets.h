// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace rstwatch::port {

/// The packet sockets (AF_PACKET) that a driver has opened in this process for one interface. DPDK's af_packet driver
/// counts no losses, but the kernel does, for each socket; and a process may ask about its own descriptors. Main
/// thread.
class PacketSockets {
  public:
    /// Descriptors of this process' packet sockets that are bound to the interface.
    static std::vector<int> bound_to(unsigned interface_index);

    /// Takes those that are bound to the interface and are not among `others`.
    void find(unsigned interface_index, const std::vector<int>& others);

    /// Forgets the descriptors, of which the driver is about to close what it has opened.
    void forget() { descriptors_.clear(); }

    bool found() const { return !descriptors_.empty(); }

    /// False once the kernel has unbound one of them: the interface has gone, or gone elsewhere.
    bool still_bound() const;

    /// Has the interface pass on what is not meant for it, for as long as these sockets live: the flag that the driver
    /// would set on the interface outlives a process that is killed, and takes CAP_NET_ADMIN. False if refused.
    bool receive_everything() const;

    /// Packets that the kernel had no room for since find(). The kernel forgets what it has told, so that nobody else
    /// may ask.
    std::uint64_t take_drops() const;

  private:
    std::vector<int> descriptors_;  // of the driver
    unsigned interface_index_ = 0;
};

}  // namespace rstwatch::port
