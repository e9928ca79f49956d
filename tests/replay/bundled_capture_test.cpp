// SPDX-License-Identifier: Apache-2.0
// The bundled capture against what the applications and kernels that made it counted.
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "tests/replay/replay.h"

namespace rstwatch::test {
namespace {

class BundledCapture : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        result = replay({source_path("tests/captures/branch-office.pcap")}, {.more = {"--rows", "100000"}});
        const Bytes text = read_file(source_path("tests/captures/branch-office.expected.json"));
        expected = Json::parse(text.begin(), text.end());
    }

    static std::map<std::string, std::uint64_t> that_occurred(const Json& outcomes) {
        std::map<std::string, std::uint64_t> counts;
        for (const auto& [name, count] : outcomes.items())
            if (count != 0) counts[name] = count;
        return counts;
    }

    static inline Replay result;
    static inline Json expected;
};

TEST_F(BundledCapture, IsConserved) {
    expect_sound(result);
}

TEST_F(BundledCapture, PacketsAreCountedExactly) {
    for (const auto& [name, count] : expected.at("packets").items())
        EXPECT_EQ(result.report.at("packets").at(name), count) << name;
    for (const auto& [name, count] : expected.at("tcp_flags").items())
        EXPECT_EQ(result.report.at("tcp_flags").at(name), count) << name;
    EXPECT_EQ(result.report.at("input").at("first_packet"), expected.at("first_packet"));
    EXPECT_EQ(result.report.at("input").at("last_packet"), expected.at("last_packet"));
}

TEST_F(BundledCapture, OutcomesAreExact) {
    EXPECT_EQ(result.report.at("attempts"), expected.at("attempts"));
    EXPECT_EQ(that_occurred(result.report.at("outcomes")), that_occurred(expected.at("outcomes")));
}

TEST_F(BundledCapture, EveryDestinationIsExact) {
    std::map<std::string, Json> wanted, found;
    std::map<std::string, std::set<std::string>> clients;
    const auto name = [](const Json& destination) {
        const std::string address = destination.at("address");
        const std::string host = address.find(':') == std::string::npos ? address : "[" + address + "]";
        return host + ":" + std::to_string(destination.at("port").get<int>());
    };
    for (const Json& destination : expected.at("destinations"))
        wanted[name(destination)] = that_occurred(destination.at("outcomes"));
    for (const Json& connection : result.report.at("connections")) {
        const std::string outcome = connection.at("outcome");
        if (outcome == "midstream" || outcome == "unsolicited") continue;
        Json& counts = found[connection.at("server")];
        Json& count = counts[outcome];
        count = count.is_null() ? 1 : count.get<int>() + 1;
        const std::string client = connection.at("client");
        clients[connection.at("server")].insert(client.substr(0, client.rfind(':')));
    }
    for (const Json& destination : expected.at("destinations")) {
        const bool attempted = destination.value("attempts", 0) > 0;
        if (!attempted) {
            wanted.erase(name(destination));
            continue;
        }
        EXPECT_EQ(clients[name(destination)].size(), destination.at("clients").get<std::size_t>()) << name(destination);
    }
    EXPECT_EQ(Json(found), Json(wanted));
}

TEST_F(BundledCapture, RankingsAgreeWithTheExpectations) {
    std::map<std::pair<std::string, int>, std::pair<std::uint64_t, std::uint64_t>> wanted, found;
    for (const Json& destination : expected.at("destinations")) {
        const auto outcomes = that_occurred(destination.at("outcomes"));
        std::uint64_t refusals = 0;
        for (const char* name : {"refused", "refused_by_device"})
            if (const auto found = outcomes.find(name); found != outcomes.end()) refusals += found->second;
        if (refusals > 0)
            wanted[{destination.at("address"), destination.at("port")}] = {refusals, destination.at("clients")};
    }
    for (const Json& row : result.report.at("top").at("refused"))
        found[{row.at("address"), row.at("port")}] = {row.at("count"), row.at("clients")};
    EXPECT_EQ(found, wanted);
}

TEST_F(BundledCapture, TheCliPassesTheReportThrough) {
    const std::string file = source_path("tests/captures/branch-office.pcap");
    const ProcessResult cli =
        run_process({cli_path(), "analyze", file, "-o", "json", "--connections", "-n", "1000000"});
    EXPECT_EQ(cli.exit_code, 0) << cli.err;
    EXPECT_EQ(cli.out, result.text);
    EXPECT_EQ(cli.err, "");
}

TEST_F(BundledCapture, TheCliListsOneConnectionPerLine) {
    const ProcessResult cli = run_process(
        {cli_path(), "analyze", source_path("tests/captures/branch-office.pcap"), "-o", "jsonl", "--connections"});
    EXPECT_EQ(cli.exit_code, 0) << cli.err;
    std::istringstream lines(cli.out);
    std::string line;
    Json all = Json::array();
    while (std::getline(lines, line)) all.push_back(Json::parse(line, nullptr, false));
    EXPECT_EQ(all, result.report.at("connections"));
}

TEST_F(BundledCapture, TheReportForAPersonNamesTheWorstDestination) {
    const ProcessResult cli = run_process({cli_path(), "analyze", source_path("tests/captures/branch-office.pcap")});
    EXPECT_EQ(cli.exit_code, 0) << cli.err;
    EXPECT_NE(cli.out.find("10.20.2.22:5432"), std::string::npos) << cli.out;
    EXPECT_NE(cli.out.find("639"), std::string::npos) << "the number of attempts";
}

}  // namespace
}  // namespace rstwatch::test
