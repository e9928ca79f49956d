// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/numa.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temp_dir.h"

namespace rstwatch::port {
namespace {

using Cpus = std::vector<unsigned>;

TEST(Numa, ReadsListsAsTheKernelWritesThem) {
    EXPECT_EQ(parse_cpu_list("0-3,8,10-11\n"), (Cpus{0, 1, 2, 3, 8, 10, 11}));
    EXPECT_EQ(parse_cpu_list("5"), (Cpus{5}));
    EXPECT_EQ(parse_cpu_list("\n"), Cpus{});
}

TEST(Numa, KnowsTheNodeOfADeviceAndItsCpus) {
    const test::TempDir directory;
    const std::string sysfs = directory.path().string();
    std::filesystem::create_directories(sysfs + "/bus/pci/devices/0000:3b:00.0");
    std::filesystem::create_directories(sysfs + "/bus/pci/devices/0000:00:03.0");
    std::filesystem::create_directories(sysfs + "/devices/system/node/node1");
    std::ofstream(sysfs + "/bus/pci/devices/0000:3b:00.0/numa_node") << "1\n";
    std::ofstream(sysfs + "/bus/pci/devices/0000:00:03.0/numa_node") << "-1\n";
    std::ofstream(sysfs + "/devices/system/node/node1/cpulist") << "8-11\n";
    EXPECT_EQ(node_of_pci("0000:3b:00.0", sysfs), 1u);
    EXPECT_EQ(node_of_pci("0000:00:03.0", sysfs), std::nullopt);  // the machine does not say
    EXPECT_EQ(node_of_pci("0000:ff:00.0", sysfs), std::nullopt);
    EXPECT_EQ(cpus_of_node(1, sysfs), (Cpus{8, 9, 10, 11}));
    EXPECT_EQ(cpus_of_node(7, sysfs), Cpus{});
}

TEST(Numa, ChoosesCpusOfTheNodeFirstAndTheFirstCpusLast) {
    const Cpus allowed{0, 1, 2, 3, 8, 9, 10, 11};
    EXPECT_EQ(choose_cpus(allowed, {0, 1, 2, 3}, 2), (Cpus{3, 2}));
    EXPECT_EQ(choose_cpus(allowed, {8, 9, 10, 11}, 5), (Cpus{11, 10, 9, 8, 3}));
    EXPECT_EQ(choose_cpus(allowed, {}, 1), (Cpus{11}));
    EXPECT_EQ(choose_cpus({0, 1}, {0, 1}, 3), (Cpus{1, 0, 1}));
}

TEST(Numa, WarnsOfACoreOnAnotherNode) {
    EXPECT_EQ(node_warning("0000:3b:00.0", 1, {8, 9}, {9, 8}), "");
    const std::string warning = node_warning("0000:3b:00.0", 1, {8, 9}, {9, 8, 3});
    for (const char* words : {"0000:3b:00.0", "node 1", "core 2", "CPU 3", "CPUAffinity"})
        EXPECT_NE(warning.find(words), std::string::npos) << words << " is missing in: " << warning;
}

}  // namespace
}  // namespace rstwatch::port
