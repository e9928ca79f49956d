// SPDX-License-Identifier: Apache-2.0
// Dependencies run one way: what judges and what shows knows no DPDK.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/replay/replay.h"

namespace rstwatch::test {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
}

/// Source files below `directory` whose text contains one of the words.
std::vector<std::string> that_mention(const std::string& directory, const std::vector<std::string>& words) {
    std::vector<std::string> found;
    std::size_t files = 0;
    for (const auto& entry : fs::recursive_directory_iterator(source_path(directory))) {
        const fs::path extension = entry.path().extension();
        if (extension != ".h" && extension != ".cpp") continue;
        ++files;
        const std::string text = text_of(entry.path());
        for (const std::string& word : words)
            if (text.find(word) != std::string::npos) {
                found.push_back(fs::relative(entry.path(), source_path(".")).string() + ": " + word);
                break;
            }
    }
    EXPECT_GT(files, 2u) << directory;
    return found;
}

TEST(Dependencies, NobodyButTheDataplaneKnowsDpdk) {
    for (const char* directory :
         {"config", "control", "tools", "dataplane/tally", "dataplane/packet", "dataplane/tcp"}) {
        for (const std::string& file : that_mention(directory, {"rte_", "RTE_"}))
            // The second measures what a driver alone costs.
            EXPECT_TRUE(file.starts_with("control/daemon/") || file.starts_with("tools/bench/read_capture.cpp"))
                << file;
    }
}

TEST(Dependencies, NobodyButTheIdentificationKnowsHyperscan) {
    for (const char* directory :
         {"config", "control", "tools", "dataplane/tally", "dataplane/packet", "dataplane/tcp", "dataplane/port"})
        EXPECT_EQ(that_mention(directory, {"hs_", "<hs.h>"}), std::vector<std::string>{}) << directory;
}

TEST(Dependencies, ControlSeesOnlyTheTallyOfTheDataplane) {
    for (const std::string& file : that_mention(
             "control", {"\"dataplane/dataplane.h\"", "\"dataplane/packet/", "\"dataplane/tcp/", "\"dataplane/port/",
                         "\"dataplane/identify/", "\"dataplane/rx_core.h\"", "\"dataplane/burst_pipeline.h\""}))
        EXPECT_TRUE(file.starts_with("control/daemon/")) << file;
}

TEST(Dependencies, TheTallyAndTheSettingsStandAlone) {
    EXPECT_EQ(that_mention("config", {"\"dataplane/", "\"control/", "\"tools/"}), std::vector<std::string>{});
    EXPECT_EQ(that_mention("dataplane/tally",
                           {"\"dataplane/packet/", "\"dataplane/tcp/", "\"dataplane/port/", "\"control/", "\"config/"}),
              std::vector<std::string>{});
    EXPECT_EQ(that_mention("dataplane", {"\"control/", "\"tools/"}), std::vector<std::string>{});
}

TEST(Dependencies, TheCliKnowsNothingButTheRestInterface) {
    EXPECT_EQ(that_mention("tools/rstwatch", {"\"dataplane/", "\"control/", "pcap/pcap.h"}),
              std::vector<std::string>{});
}

TEST(Dependencies, TheTestSupportSharesNoCodeWithWhatItTests) {
    EXPECT_EQ(that_mention("tests/support", {"\"dataplane/", "\"control/", "\"config/", "\"tools/"}),
              std::vector<std::string>{});
}

}  // namespace
}  // namespace rstwatch::test
