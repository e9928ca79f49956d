// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tally/tunnel.h"

#include <gtest/gtest.h>

#include <set>

namespace rstwatch::tally {
namespace {

TEST(Tunnel, EveryOneHasItsName) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < tunnel_count; ++i) names.insert(name(static_cast<Tunnel>(i)));
    EXPECT_EQ(names.size(), tunnel_count);
    EXPECT_EQ(name(Tunnel::none), "");
    EXPECT_EQ(name(Tunnel::mpls), "mpls");
    EXPECT_EQ(name(Tunnel::vxlan_gpe), "vxlan-gpe");
    EXPECT_EQ(name(Tunnel::teredo), "teredo");
    EXPECT_EQ(name(Tunnel::six_in_six), "6in6");
}

}  // namespace
}  // namespace rstwatch::tally
