// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rstwatch::tally {

/// What an innermost IP packet was carried in. Tags (VLAN and the like) carry nothing: they mark what is there.
enum class Tunnel : std::uint8_t {
    none,
    mpls,
    pppoe,
    provider_bridge,
    fabric_path,
    gre,
    pptp,
    erspan,
    vxlan,
    vxlan_gpe,
    geneve,
    gtp_u,
    l2tp,
    teredo,
    ayiya,
    ipip,
    six_in_four,
    four_in_six,
    six_in_six,
};

inline constexpr std::size_t tunnel_count = 19;

/// As people write it: "gre", "6in4". Empty for none.
std::string_view name(Tunnel tunnel);

}  // namespace rstwatch::tally
