// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/tunnel_ports.h"

namespace rstwatch::packet {

using tally::Tunnel;

TunnelPorts TunnelPorts::standard() {
    TunnelPorts ports;
    for (const Entry entry : {Entry{4789, Tunnel::vxlan}, Entry{8472, Tunnel::vxlan}, Entry{4790, Tunnel::vxlan_gpe},
                              Entry{6081, Tunnel::geneve}, Entry{2152, Tunnel::gtp_u}, Entry{1701, Tunnel::l2tp},
                              Entry{3544, Tunnel::teredo}, Entry{5072, Tunnel::ayiya}})
        ports.add(entry.port, entry.tunnel);
    return ports;
}

bool TunnelPorts::add(std::uint16_t port, Tunnel tunnel) {
    if (count_ == capacity) return false;
    entries_[count_++] = {port, tunnel};
    sieve_ |= std::uint64_t{1} << (port & 63);
    return true;
}

Tunnel TunnelPorts::find(std::uint16_t source, std::uint16_t destination) const {
    Tunnel by_source = Tunnel::none;
    for (std::size_t i = 0; i < count_; ++i) {
        if (entries_[i].port == destination) return entries_[i].tunnel;
        if (entries_[i].port == source) by_source = entries_[i].tunnel;
    }
    return by_source;
}

}  // namespace rstwatch::packet
