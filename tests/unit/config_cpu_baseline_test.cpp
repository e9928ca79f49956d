// SPDX-License-Identifier: Apache-2.0
#include "config/cpu_baseline.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <string>

namespace rstwatch::config {
namespace {

constexpr std::size_t feature_count = 6;

TEST(CpuBaseline, SupportsTheMachineThatRunsThisTest) {
    EXPECT_TRUE(cpu_is_supported());
    check_cpu_or_exit("config_test");
}

TEST(CpuBaseline, NamesEveryFeature) {
    for (std::size_t i = 0; i < feature_count; ++i) EXPECT_NE(cpu_feature_name(i), nullptr);
    EXPECT_EQ(cpu_feature_name(feature_count), nullptr);
}

TEST(CpuBaseline, SaysWhatIsMissingWhatIsNeededAndWhatToDo) {
    const std::array<bool, feature_count> ivy_bridge{true, true, false, false, false, false};
    std::array<char, 512> text{};
    describe_missing_features("rstwatchd", ivy_bridge.data(), text.data(), text.size());
    EXPECT_EQ(std::string(text.data()),
              "rstwatchd: this CPU lacks FMA, AVX2, BMI1, BMI2; the program needs x86-64-v3 (Intel Haswell, AMD Zen or "
              "later): run it on such a machine, or let the virtual machine pass the host's CPU features through\n");
}

TEST(CpuBaseline, NamesAllFeaturesOfTheOldestMachine) {
    const std::array<bool, feature_count> none{};
    std::array<char, 512> text{};
    describe_missing_features("rstwatchd", none.data(), text.data(), text.size());
    EXPECT_NE(std::string(text.data()).find("lacks SSE4.2, POPCNT, FMA, AVX2, BMI1, BMI2;"), std::string::npos);
}

TEST(CpuBaseline, CutsTheTextToTheBuffer) {
    const std::array<bool, feature_count> none{};
    std::array<char, 16> text{};
    describe_missing_features("rstwatchd", none.data(), text.data(), text.size());
    EXPECT_EQ(std::string(text.data()), "rstwatchd: this");
}

}  // namespace
}  // namespace rstwatch::config
