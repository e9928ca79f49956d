// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/eal_words.h"

#include <gtest/gtest.h>

namespace rstwatch::port {
namespace {

TEST(EalWords, TellsWhichLimitWasMetAndWhatToDo) {
    // As DPDK 22.11 writes them.
    const std::string mmap = translate(
        "rte_pmd_init_internals(): net_af_packet0: call to mmap failed on AF_PACKET socket for eth1:Resource "
        "temporarily unavailable\nvdev_probe_all_drivers(): failed to initialize net_af_packet0 device\n");
    EXPECT_NE(mmap.find("RLIMIT_MEMLOCK"), std::string::npos) << mmap;
    EXPECT_NE(mmap.find("LimitMEMLOCK"), std::string::npos) << mmap;
    const std::string group = translate(
        "EAL: 0000:3b:00.0 VFIO group is not viable! Not all devices in IOMMU group bound to VFIO or unbound\n"
        "EAL: Requested device 0000:3b:00.0 cannot be used\n");
    EXPECT_NE(group.find("IOMMU group"), std::string::npos) << group;
    EXPECT_NE(group.find("vfio-pci"), std::string::npos) << group;
}

TEST(EalWords, TakesTheCauseAndNotWhatFollowsFromIt) {
    const std::string text = translate(
        "EAL: No free hugepages reported in hugepages-2048kB\n"
        "EAL: FATAL: Cannot get hugepage information.\n");
    EXPECT_NE(text.find("no hugepages are free"), std::string::npos) << text;
}

TEST(EalWords, GivesTheLastLineWithoutPrefixesWhereItKnowsNone) {
    EXPECT_EQ(translate("EAL: Detected CPU lcores: 2\nEAL: the moon is in the wrong house\n"),
              "the moon is in the wrong house");
    EXPECT_EQ(translate("eth_dev_start(): cannot do it: no\n"), "cannot do it: no");
    EXPECT_EQ(translate(""), "");
}

}  // namespace
}  // namespace rstwatch::port
