// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/memory_plan.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temp_dir.h"

namespace rstwatch::port {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t mib = 1 << 20;

/// A machine's hugepages, as the kernel shows them.
class Machine {
  public:
    void pages(const std::string& node, unsigned kib, unsigned total, unsigned free) {
        const fs::path folder =
            fs::path(sysfs()) / ("devices/system/node/" + node + "/hugepages/hugepages-" + std::to_string(kib) + "kB");
        write(folder, total, free);
    }
    void pages_without_nodes(unsigned total, unsigned free) {
        write(fs::path(sysfs()) / "kernel/mm/hugepages/hugepages-2048kB", total, free);
    }
    std::string sysfs() const { return directory_.path().string(); }

  private:
    static void write(const fs::path& folder, unsigned total, unsigned free) {
        fs::create_directories(folder);
        std::ofstream(folder / "nr_hugepages") << total << "\n";
        std::ofstream(folder / "free_hugepages") << free << "\n";
    }
    test::TempDir directory_;
};

TEST(MemoryPlan, TakesHugepagesWhenTheyAreEnough) {
    Machine machine;
    machine.pages("node0", 2048, 300, 206);
    const MemoryPlan plan = plan_memory({{0, 412 * mib}}, true, machine.sysfs());
    EXPECT_TRUE(plan.hugepages);
    EXPECT_EQ(plan.sentence, "packet buffers: 412 MiB in 206 pages of 2 MiB on NUMA node 0");
}

TEST(MemoryPlan, DoesWithoutAndSaysWhatIsMissingWithTheCommand) {
    Machine machine;
    machine.pages("node0", 2048, 100, 32);
    const MemoryPlan plan = plan_memory({{0, 412 * mib}}, true, machine.sysfs());
    EXPECT_FALSE(plan.hugepages);
    // 68 of the 100 belong to somebody else, who keeps them.
    EXPECT_EQ(
        plan.sentence,
        "packet buffers are in ordinary memory, which is slower: hugepages would take 412 MiB in 206 pages of 2 MiB "
        "on NUMA node 0, where 64 MiB are free (`echo 274 | sudo tee " +
            machine.sysfs() + "/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages` gives them)");
}

TEST(MemoryPlan, CountsTheNodesApart) {
    Machine machine;
    machine.pages("node0", 2048, 1000, 1000);
    machine.pages("node1", 2048, 10, 10);
    EXPECT_TRUE(plan_memory({{0, 412 * mib}}, true, machine.sysfs()).hugepages);
    const MemoryPlan plan = plan_memory({{0, 412 * mib}, {1, 412 * mib}}, true, machine.sysfs());
    EXPECT_FALSE(plan.hugepages);
    EXPECT_NE(plan.sentence.find("node1/hugepages"), std::string::npos) << plan.sentence;
    EXPECT_EQ(plan.sentence.find("node0/hugepages"), std::string::npos) << plan.sentence;
}

TEST(MemoryPlan, CountsPagesOfEverySize) {
    Machine machine;
    machine.pages("node0", 2048, 0, 0);
    machine.pages("node0", 1048576, 1, 1);
    EXPECT_TRUE(plan_memory({{0, 412 * mib}}, true, machine.sysfs()).hugepages);
}

TEST(MemoryPlan, AsksAKernelWithoutNodes) {
    Machine machine;
    machine.pages_without_nodes(300, 300);
    EXPECT_TRUE(plan_memory({{0, 412 * mib}}, true, machine.sysfs()).hugepages);
}

TEST(MemoryPlan, LeavesThemWhoeverMayNotTakeThem) {
    Machine machine;
    machine.pages("node0", 2048, 300, 300);
    const MemoryPlan plan = plan_memory({{0, 412 * mib}}, false, machine.sysfs());
    EXPECT_FALSE(plan.hugepages);
    EXPECT_NE(plan.sentence.find("root"), std::string::npos) << plan.sentence;
}

}  // namespace
}  // namespace rstwatch::port
