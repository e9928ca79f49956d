// SPDX-License-Identifier: Apache-2.0
#include "dataplane/setup.h"

#include <cmath>
#include <utility>

#include "config/text_form.h"

namespace rstwatch {

tally::Time microseconds(double seconds) {
    return static_cast<tally::Time>(std::llround(seconds * 1e6));
}

tcp::Limits limits_of(const config::Settings& settings) {
    const config::Settings::Deadline& deadline = settings.deadline;
    return {.provisional = microseconds(deadline.provisional),
            .unanswered = microseconds(deadline.unanswered),
            .syn_ack = microseconds(deadline.syn_ack),
            .reset = microseconds(deadline.reset),
            .closed = microseconds(deadline.closed),
            .early_answer = microseconds(deadline.early_answer),
            .half_open_scan = microseconds(deadline.half_open_scan),
            .reset_hold = microseconds(deadline.reset_hold),
            .gap = microseconds(settings.tracking.gap),
            .long_gap = microseconds(settings.tracking.long_gap),
            .stall = microseconds(deadline.stall),
            .stalled = microseconds(deadline.stalled),
            .every_segment = settings.tracking.depth == "full"};
}

tcp::DuplicateLimits duplicate_limits_of(const config::Settings& settings) {
    return {microseconds(settings.tracking.duplicate_window),
            microseconds(settings.tracking.duplicate_window_without_id)};
}

tcp::DomainBy domain_by(const std::string& text) {
    if (text == "vlan") return tcp::DomainBy::vlan;
    return text == "tunnel" ? tcp::DomainBy::tunnel : tcp::DomainBy::nothing;
}

packet::TunnelPorts tunnel_ports(const config::Settings::Tunnel& tunnel) {
    using tally::Tunnel;
    const std::pair<const std::string&, Tunnel> lists[] = {
        {tunnel.vxlan_ports, Tunnel::vxlan},   {tunnel.vxlan_gpe_ports, Tunnel::vxlan_gpe},
        {tunnel.geneve_ports, Tunnel::geneve}, {tunnel.gtp_u_ports, Tunnel::gtp_u},
        {tunnel.l2tp_ports, Tunnel::l2tp},     {tunnel.teredo_ports, Tunnel::teredo},
        {tunnel.ayiya_ports, Tunnel::ayiya}};
    packet::TunnelPorts ports;
    for (const auto& [list, kind] : lists)
        for (const std::uint16_t port : config::ports_of(list)) (void)ports.add(port, kind);
    return ports;
}

tally::BankCapacity bank_capacity(const config::Settings& settings, const BankUse& use) {
    const config::Settings::Tally& tally = settings.tally;
    return {.destinations = static_cast<std::size_t>(tally.destinations),
            .clients = static_cast<std::size_t>(tally.clients),
            .records = static_cast<std::size_t>(tally.records),
            .identifications = use.identifies ? static_cast<std::size_t>(settings.identify.results) : 0,
            .sightings = use.serves,
            .prefault = use.prefault};
}

}  // namespace rstwatch
