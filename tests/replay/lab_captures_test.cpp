// SPDX-License-Identifier: Apache-2.0
// Captures of real kernels that are no part of this repository: run when they are at hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/replay/replay.h"

namespace rstwatch::test {
namespace {

namespace fs = std::filesystem;

fs::path directory_of(const char* variable, const char* beside) {
    const char* given = std::getenv(variable);
    return given != nullptr ? fs::path(given) : fs::path(source_path("..")) / "shared" / beside;
}

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::istringstream stream(text);
    for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
    return parts;
}

/// "refused=3,open=1"
std::map<std::string, std::uint64_t> outcomes_from(const std::string& text) {
    std::map<std::string, std::uint64_t> outcomes;
    for (const std::string& part : split(text, ',')) {
        const auto pair = split(part, '=');
        if (pair.size() == 2) outcomes[pair[0]] = std::stoull(pair[1]);
    }
    return outcomes;
}

TEST(LabCaptures, EndAsTheKernelsSaidTheyDid) {
    const fs::path directory = directory_of("RSTWATCH_LAB_DIR", "lab");
    std::ifstream table(directory / "expected.tsv");
    if (!table) GTEST_SKIP() << "no captures in " << directory << "; set RSTWATCH_LAB_DIR to try them";
    std::string line;
    std::getline(table, line);
    const std::vector<std::string> header = split(line, '\t');
    std::size_t tried = 0;
    while (std::getline(table, line)) {
        std::map<std::string, std::string> row;
        const auto fields = split(line, '\t');
        for (std::size_t i = 0; i < std::min(header.size(), fields.size()); ++i) row[header[i]] = fields[i];
        const auto expected = outcomes_from(row["outcomes"]);
        ++tried;
        const Replay result = replay({(directory / "captures" / (row["capture"] + ".pcap")).string()});
        SCOPED_TRACE(row["capture"] + ": " + row["note"]);
        expect_sound(result);
        if (!result.report.is_object()) continue;
        EXPECT_EQ(result.outcomes(), expected);
        const Json& flags = result.report.at("tcp_flags");
        EXPECT_EQ(flags.at("syn").get<std::uint64_t>(), std::stoull(row["syn_packets"]));
        EXPECT_EQ(flags.at("syn_ack").get<std::uint64_t>(), std::stoull(row["synack_packets"]));
        EXPECT_EQ(flags.at("rst").get<std::uint64_t>() + flags.at("rst_ack").get<std::uint64_t>(),
                  std::stoull(row["rst_packets"]));
    }
    EXPECT_GT(tried, 100u);
}

TEST(PublicCaptures, AreSurvivedAndConserved) {
    const fs::path directory = directory_of("RSTWATCH_CAPTURES_DIR", "captures");
    std::error_code error;
    std::vector<std::string> files;
    for (const auto& entry : fs::directory_iterator(directory, error))
        if (entry.path().extension().string().find("cap") != std::string::npos) files.push_back(entry.path().string());
    if (files.empty()) GTEST_SKIP() << "no captures in " << directory << "; set RSTWATCH_CAPTURES_DIR to try them";
    std::ranges::sort(files);
    for (const std::string& file : files) {
        SCOPED_TRACE(file);
        const Replay result = replay({file});
        EXPECT_EQ(result.signal, 0);
        EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 1) << result.exit_code;
        EXPECT_EQ(result.exit_code == 0, result.err.empty()) << result.err;
        EXPECT_LT(result.cpu_seconds, 20.0);
        if (!result.text.empty()) expect_conserved(result.report);
    }
}

}  // namespace
}  // namespace rstwatch::test
