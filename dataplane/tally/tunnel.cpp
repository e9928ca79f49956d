// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tally/tunnel.h"

#include <array>

namespace rstwatch::tally {

std::string_view name(Tunnel tunnel) {
    static constexpr std::array<std::string_view, tunnel_count> names{
        "",       "mpls",  "pppoe", "pbb",    "fabricpath", "gre",  "pptp", "erspan", "vxlan", "vxlan-gpe",
        "geneve", "gtp-u", "l2tp",  "teredo", "ayiya",      "ipip", "6in4", "4in6",   "6in6"};
    return names[static_cast<std::size_t>(tunnel)];
}

}  // namespace rstwatch::tally
