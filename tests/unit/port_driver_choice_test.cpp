// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/driver_choice.h"

#include <gtest/gtest.h>

namespace rstwatch::port {
namespace {

using packet::LinkType;

TEST(DriverChoice, TakesLibpcapForTheLoopbackWhichPacketSocketsShowTwice) {
    const DriverChoice choice = choose_driver("lo", true, LinkType::ethernet, 16384, {});
    EXPECT_EQ(choice.driver, "net_pcap");
    EXPECT_EQ(choice.arguments, "iface=lo");
    EXPECT_NE(choice.why.find("twice"), std::string::npos) << choice.why;
}

TEST(DriverChoice, KnowsWhereLibpcapCutsJoinedSegments) {
    // Longer ones than a jumbo frame come cut: they are not malformed.
    EXPECT_EQ(choose_driver("lo", true, LinkType::ethernet, 16384, {}).uncut_below, 16128u);
}

TEST(DriverChoice, TakesAPacketSocketWithALargeRingForEthernet) {
    const DriverChoice choice = choose_driver("eth1", false, LinkType::ethernet, 16384, {});
    EXPECT_EQ(choice.driver, "net_af_packet");
    EXPECT_EQ(choice.arguments, "iface=eth1,blocksz=65536,framesz=2048,framecnt=16384");
    EXPECT_NE(choice.why.find("16384"), std::string::npos) << choice.why;
    EXPECT_TRUE(choice.warning.empty()) << choice.warning;
    EXPECT_LT(choice.uncut_below, 2048u);
}

TEST(DriverChoice, TakesLibpcapForWhatIsNotEthernet) {
    const DriverChoice choice = choose_driver("ppp0", false, LinkType::linux_sll, 16384, {});
    EXPECT_EQ(choice.driver, "net_pcap");
    EXPECT_NE(choice.why.find("Linux cooked v1"), std::string::npos) << choice.why;
}

TEST(DriverChoice, FitsTheRingIntoWhatMayBeLockedAndSaysSo) {
    const DriverChoice choice = choose_driver("eth1", false, LinkType::ethernet, 16384, {true, std::uint64_t{8} << 20});
    EXPECT_NE(choice.arguments.find("framecnt=2048"), std::string::npos) << choice.arguments;
    for (const char* words : {"2048 packets", "16384", "RLIMIT_MEMLOCK", "8192 KiB", "setcap", "LimitMEMLOCK"})
        EXPECT_NE(choice.warning.find(words), std::string::npos) << words << " is missing in: " << choice.warning;
}

TEST(DriverChoice, DoesWithoutTheRightToAdministerAndSaysWhatItCosts) {
    // DPDK's driver writes the interface's flags when it starts, whatever they are.
    const DriverChoice choice = choose_driver("eth1", false, LinkType::ethernet, 16384, {false, std::nullopt});
    EXPECT_EQ(choice.driver, "net_pcap");
    EXPECT_NE(choice.why.find("CAP_NET_ADMIN"), std::string::npos) << choice.why;
    for (const char* words : {"CAP_NET_ADMIN", "setcap cap_net_raw,cap_net_admin+ep", "AmbientCapabilities="})
        EXPECT_NE(choice.warning.find(words), std::string::npos) << words << " is missing in: " << choice.warning;
}

TEST(DriverChoice, AlwaysAsksForWholeBlocksAndForOneAtLeast) {
    // The kernel refuses a ring whose frames do not fill its blocks.
    EXPECT_NE(choose_driver("eth1", false, LinkType::ethernet, 1000, {}).arguments.find("framecnt=992"),
              std::string::npos);
    EXPECT_NE(choose_driver("eth1", false, LinkType::ethernet, 1000, {true, 0}).arguments.find("framecnt=32"),
              std::string::npos);
}

}  // namespace
}  // namespace rstwatch::port
