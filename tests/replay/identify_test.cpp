// SPDX-License-Identifier: Apache-2.0
// What services are called in a report: by what they spoke on the wire, whatever the cores, bursts and depths.
#include <gtest/gtest.h>

#include <fstream>

#include "tests/replay/replay.h"
#include "tests/unit/identify_examples.h"

namespace rstwatch::test {
namespace {

using identify::test::client_hello;
using identify::test::server_hello;

Endpoint numbered_client(int number) {
    return {"10.0.1." + std::to_string(number % 200 + 1), static_cast<std::uint16_t>(40000 + number)};
}

/// Ports above 50000 have no name of their own. Each service speaks to many clients, then it dies and refuses one.
std::vector<TimedFrame> outage() {
    std::vector<std::vector<TimedFrame>> parts;
    for (int i = 0; i < 40; ++i) {
        const double begin = 0.01 * i;
        const auto conversation = [&](int port) {
            Conversation c(numbered_client(i), Endpoint("10.0.0.1", static_cast<std::uint16_t>(port)));
            c.at(begin).connected();
            return c;
        };
        parts.push_back(conversation(50001)
                            .client_data(client_hello("host" + std::to_string(i) + ".example", {"h2"}))
                            .server_data(server_hello())
                            .client_data(100)
                            .server_data(500)
                            .closed()
                            .frames());
        parts.push_back(
            conversation(50002).server_data("220 mail.example ready\r\n").client_data("EHLO x\r\n").closed().frames());
        parts.push_back(conversation(50003)
                            .client_data("GET / HTTP/1.1\r\nHost: w" + std::to_string(i) + "\r\n\r\n")
                            .server_abort()
                            .frames());
        parts.push_back(conversation(50004).client_data("what nobody knows").server_data("neither").closed().frames());
        parts.push_back(conversation(50005)
                            .client_data(std::string("\x05\x01\x00", 3))
                            .server_data(std::string("\x05\x00", 2))
                            .closed()
                            .frames());
    }
    for (int port = 50001; port <= 50005; ++port)
        parts.push_back(Conversation("10.0.2.1:50000", Endpoint("10.0.0.1", static_cast<std::uint16_t>(port)))
                            .at(5)
                            .refused()
                            .frames());
    return merged(parts);
}

std::map<int, std::string> services(const Json& report) {
    std::map<int, std::string> names;
    for (const Json& row : report.at("top").at("refused")) names[row.at("port")] = row.at("service");
    return names;
}

const std::map<int, std::string> expected{
    {50001, "tls"}, {50002, "smtp"}, {50003, "http"}, {50004, ""}, {50005, "socks5"}};

ReplayOptions with(const std::vector<std::string>& settings) {
    ReplayOptions options;
    for (const std::string& setting : settings) options.more.insert(options.more.end(), {"--set", setting});
    return options;
}

TEST(Identify, ServicesAreCalledByWhatTheySpoke) {
    const Replay result = replay_frames(outage());
    expect_sound(result);
    EXPECT_EQ(services(result.report), expected);
    EXPECT_EQ(result.report.at("tables").at("identities").at("used"), 4);
}

TEST(Identify, NothingDependsOnCoresAndBursts) {
    const std::vector<TimedFrame> frames = outage();
    const std::string one = without_input(replay_frames(frames).report).dump();
    for (const char* burst : {"rx.burst=1", "rx.burst=7", "rx.burst=32"})
        for (const char* queues : {"rx.queues=1", "rx.queues=2", "rx.queues=3"}) {
            const Replay result = replay_frames(frames, {}, with({burst, queues, "tracking.connections=262144"}));
            expect_sound(result);
            Json report = without_input(result.report), reference = Json::parse(one);
            for (Json* each : {&report, &reference}) each->at("tables").at("connections").erase("capacity");
            EXPECT_EQ(Json::diff(reference, report), Json::array()) << burst << " " << queues;
        }
}

TEST(Identify, SmallTablesLoseNothingInAReplay) {
    const Replay result =
        replay_frames(outage(), {}, with({"identify.results=16", "tally.records=16", "tally.banks=2"}));
    expect_sound(result);
    EXPECT_EQ(services(result.report), expected);
}

TEST(Identify, AtDepthControlAsWell) {
    const std::vector<TimedFrame> frames = outage();
    const Replay on = replay_frames(frames, {}, with({"tracking.depth=control"}));
    const Replay off = replay_frames(frames, {}, with({"tracking.depth=control", "identify.enabled=false"}));
    expect_sound(on);
    EXPECT_EQ(services(on.report), expected);
    // What becomes of connections does not depend on who listens.
    EXPECT_EQ(on.report.at("connections"), off.report.at("connections"));
    EXPECT_EQ(on.report.at("outcomes"), off.report.at("outcomes"));
}

TEST(Identify, SwitchedOffNamesComeFromPortsAlone) {
    const Replay result = replay_frames(outage(), {}, with({"identify.enabled=false"}));
    expect_sound(result);
    EXPECT_EQ(services(result.report),
              (std::map<int, std::string>{{50001, ""}, {50002, ""}, {50003, ""}, {50004, ""}, {50005, ""}}));
}

TEST(Identify, LabelsAndPatternsOfTheOperatorComeFirst) {
    const TempDir directory;
    std::ofstream(directory / "labels.toml") << "'10.0.0.0/8:50002' = 'post office'\n";
    std::ofstream(directory / "own.toml") << "[[signature]]\nname = 'riddle'\nclient = '^what nobody'\n";
    const Replay result = replay_frames(
        outage(), {},
        with({"services.labels=" + (directory / "labels.toml"), "identify.patterns=" + (directory / "own.toml")}));
    expect_sound(result);
    EXPECT_EQ(services(result.report).at(50002), "post office");
    EXPECT_EQ(services(result.report).at(50004), "riddle");
}

TEST(Identify, APatternThatHyperscanRefusesIsNamedAtStart) {
    const TempDir directory;
    std::ofstream(directory / "own.toml") << "[[signature]]\nname = 'riddle'\nclient = '^what (nobody'\n";
    const Replay result = replay_frames(outage(), {}, with({"identify.patterns=" + (directory / "own.toml")}));
    EXPECT_EQ(result.exit_code, 4);
    EXPECT_EQ(result.err, "rstwatchd: " + (directory / "own.toml") +
                              ":3:17: signature \"riddle\": client: Hyperscan refuses \"^what (nobody\": Missing close "
                              "parenthesis for group started at index 6.\n");
}

}  // namespace
}  // namespace rstwatch::test
