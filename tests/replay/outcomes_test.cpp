// SPDX-License-Identifier: Apache-2.0
// Every way in which a connection can go, from a capture file through the real program.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/replay/lives.h"
#include "tests/replay/replay.h"

namespace rstwatch::test {
namespace {

/// The capture has to last until the deadlines of the life have passed: a packet of no account ends it.
std::vector<TimedFrame> with_an_end(std::vector<TimedFrame> frames) {
    const std::int64_t end = frames.back().time_us + 200'000'000;
    frames.push_back({end, PacketBuilder().ethernet().arp("10.1.0.250", "10.1.0.251").build(), 0});
    return frames;
}

class EachLife : public testing::TestWithParam<std::size_t> {};

TEST_P(EachLife, EndsInItsOutcome) {
    const Life& life = all_lives()[GetParam()];
    std::vector<TimedFrame> frames = frames_of(life, 1);
    if (!life.at_the_end) frames = with_an_end(std::move(frames));
    const Replay result = replay_frames(frames);
    expect_sound(result);
    std::vector<std::string> found;
    for (const auto& [port, outcome] : result.by_port()) found.push_back(outcome);
    std::ranges::sort(found);
    EXPECT_EQ(found, life.outcomes) << life.name << "\n" << result.report.value("connections", Json()).dump(1);
    EXPECT_EQ(result.report.at("packets").at("received"), frames.size());
}

INSTANTIATE_TEST_SUITE_P(Outcomes, EachLife, testing::Range(std::size_t{0}, all_lives().size()),
                         [](const testing::TestParamInfo<std::size_t>& info) {
                             std::string name = all_lives()[info.param].name;
                             std::ranges::replace_if(
                                 name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
                             return name;
                         });

class AllLives : public testing::TestWithParam<Wrapping> {};

TEST_P(AllLives, EndInTheirOutcomes) {
    const std::vector<TimedFrame> frames = all_frames(GetParam());
    const Replay result = replay_frames(frames);
    expect_sound(result);
    EXPECT_EQ(result.by_port(), all_outcomes_by_port());
    const Json& packets = result.report.at("packets");
    EXPECT_EQ(packets.at("received"), frames.size());
    EXPECT_EQ(packets.at("malformed"), 0);
    std::uint64_t bytes = 0;
    for (const TimedFrame& frame : frames) bytes += frame.bytes.size();
    EXPECT_EQ(packets.at("bytes").get<std::uint64_t>(), bytes);
}

TEST_P(AllLives, AreListedWithTheirTags) {
    const Replay result = replay_frames(all_frames(GetParam()));
    for (const Json& connection : result.report.at("connections")) {
        switch (GetParam()) {
            case Wrapping::vlan:
                EXPECT_EQ(connection.value("vlan", Json()), Json::array({42}));
                break;
            case Wrapping::qinq:
                EXPECT_EQ(connection.value("vlan", Json()), Json::array({100, 7}));
                break;
            default:
                EXPECT_FALSE(connection.contains("vlan"));
        }
        const std::string client = connection.at("client");
        EXPECT_EQ(client.starts_with(GetParam() == Wrapping::ipv6 ? "[2001:db8:1::" : "10.1.0."), true) << client;
    }
}

std::string wrapping_name(const testing::TestParamInfo<Wrapping>& info) {
    static constexpr const char* names[] = {"Ipv4", "Ipv6", "Vlan", "QinQ"};
    return names[static_cast<std::size_t>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(Outcomes, AllLives,
                         testing::Values(Wrapping::ipv4, Wrapping::ipv6, Wrapping::vlan, Wrapping::qinq),
                         wrapping_name);

TEST(Outcomes, NumbersOfPacketsAreNotNumbersOfAttempts) {
    const Replay result = replay_frames(Conversation("10.0.0.2:40000", "10.0.0.1:7211")
                                            .refused()
                                            .wait(0.5)
                                            .syn_again()
                                            .server_rst_ack()
                                            .wait(0.5)
                                            .syn_again()
                                            .server_rst_ack()
                                            .frames());
    expect_sound(result);
    EXPECT_EQ(result.report.at("attempts"), 1);
    EXPECT_EQ(result.report.at("tcp_flags").at("syn"), 3);
    EXPECT_EQ(result.report.at("tcp_flags").at("rst_ack"), 3);
    const Json& connection = result.report.at("connections").at(0);
    EXPECT_EQ(connection.at("syn"), 3);
    EXPECT_EQ(connection.at("rst"), 3);
    EXPECT_EQ(connection.at("zeek_state"), "REJ");
    EXPECT_EQ(connection.at("rst_by"), "server");
    EXPECT_EQ(connection.at("rst_shape"), "no_socket");
}

TEST(Outcomes, BytesComeFromSequenceNumbers) {
    const Replay result = replay_frames(Conversation("10.0.0.2:40000", "10.0.0.1:7211")
                                            .connected()
                                            .client_data(123)
                                            .unseen()
                                            .server_data(4000)
                                            .ack()
                                            .server_data(77)
                                            .ack()
                                            .closed()
                                            .frames());
    expect_sound(result);
    const Json& connection = result.report.at("connections").at(0);
    EXPECT_EQ(connection.at("client_bytes"), 123);
    EXPECT_EQ(connection.at("server_bytes"), 4077) << "what the monitor missed was sent all the same";
    EXPECT_EQ(connection.at("flags"), Json::array({"gap"}));
}

TEST(Outcomes, AnIcmpErrorNamesItsSender) {
    const Replay result = replay_frames(Conversation("10.0.0.2:40000", "10.0.0.1:7211")
                                            .syn()
                                            .icmp_error(3, 13, "192.0.2.9")
                                            .wait(5)
                                            .syn_again()
                                            .frames());
    expect_sound(result);
    EXPECT_EQ(result.report.at("connections").at(0).at("icmp"),
              (Json{{"type", 3}, {"code", 13}, {"from", "192.0.2.9"}}));
}

TEST(Outcomes, AnIcmpErrorThatQuotesAnotherAttemptIsIgnored) {
    const auto other = PacketBuilder().ethernet().ipv4("10.0.0.2", "10.0.0.1").tcp(40000, 7211).syn().seq(999999);
    std::vector<TimedFrame> frames = Conversation("10.0.0.2:40000", "10.0.0.1:7211").syn().wait(5).syn_again().frames();
    frames.insert(frames.begin() + 1, {frames[0].time_us + 10, other.rejected_by("192.0.2.9", 3, 1).build(), 0});
    const Replay result = replay_frames(frames);
    expect_sound(result);
    EXPECT_EQ(result.outcomes(), (std::map<std::string, std::uint64_t>{{"unanswered", 1}}));
}

TEST(Outcomes, ManyServicesTornDownMakeAScan) {
    std::vector<std::vector<TimedFrame>> scans;
    for (std::uint16_t port = 1; port <= 5; ++port)  // with the options of an ordinary stack
        scans.push_back(Conversation("10.0.0.2:40000", Endpoint("10.0.0.1", port), default_start_us + port * 1000)
                            .syn()
                            .syn_ack()
                            .client_rst()
                            .frames());
    const Replay result = replay_frames(merged(scans));
    expect_sound(result);
    EXPECT_EQ(result.outcomes(), (std::map<std::string, std::uint64_t>{{"half_open_scan", 5}}));
    ASSERT_EQ(result.report.at("top").at("scanners").size(), 1u);
    EXPECT_EQ(result.report.at("top").at("scanners").at(0).at("address"), "10.0.0.2");
}

TEST(Outcomes, WithoutASynThereIsNoAttemptHoweverOftenItIsReset) {
    // The first RST has a number that its receiver must not believe, the second one the right one.
    const Replay result = replay_frames(Conversation("10.0.0.2:40000", "10.0.0.1:7211")
                                            .client_data(5)
                                            .server_data(9)
                                            .ack()
                                            .with_sequence(900'000)
                                            .client_rst()
                                            .client_rst()
                                            .frames());
    expect_sound(result);
    EXPECT_EQ(result.report.at("attempts"), 0);
    EXPECT_EQ(result.outcomes(), (std::map<std::string, std::uint64_t>{{"unsolicited", 1}}));
}

TEST(Outcomes, AForgedRefusalThatTheClientIgnoresIsNone) {
    // Its ack is not the one that the SYN asked for.
    const Replay result = replay_frames(Conversation("10.0.0.2:40000", "10.0.0.1:7211")
                                            .syn()
                                            .with_ack(1000)
                                            .with_ttl(250)
                                            .server_rst_ack()
                                            .wait(1)
                                            .syn_ack()
                                            .ack()
                                            .client_data(5)
                                            .server_data(5)
                                            .closed()
                                            .frames());
    expect_sound(result);
    EXPECT_EQ(result.outcomes(), (std::map<std::string, std::uint64_t>{{"closed", 1}}));
}

}  // namespace
}  // namespace rstwatch::test
