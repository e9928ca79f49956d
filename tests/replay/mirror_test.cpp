// SPDX-License-Identifier: Apache-2.0
// What mirror ports do to traffic must not change what is said of it: copies, directions out of order, one direction
// only.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "dataplane/tally/outcome.h"
#include "tests/replay/lives.h"
#include "tests/replay/replay.h"

namespace rstwatch::test {
namespace {

std::vector<TimedFrame> in_order(std::vector<TimedFrame> frames) {
    std::ranges::stable_sort(frames, {}, &TimedFrame::time_us);
    return frames;
}

/// Each frame twice, the copies behind those of the next 40 us and some routers further.
std::vector<TimedFrame> doubled(const std::vector<TimedFrame>& frames, bool ipv6, std::uint8_t hops) {
    constexpr std::size_t v4_ttl = 14 + 8, v6_ttl = 14 + 7;
    std::vector<TimedFrame> both = frames;
    for (TimedFrame copy : frames) {
        copy.time_us += 40;
        std::uint8_t& ttl = copy.bytes[ipv6 ? v6_ttl : v4_ttl];
        ttl = static_cast<std::uint8_t>(ttl - hops);
        both.push_back(std::move(copy));
    }
    return in_order(std::move(both));
}

class Doubled : public testing::TestWithParam<std::tuple<Wrapping, std::uint8_t>> {};

TEST_P(Doubled, CopiesChangeNoOutcome) {
    const auto [wrapping, hops] = GetParam();
    const std::vector<TimedFrame> frames = all_frames(wrapping);
    const Replay once = replay_frames(frames);
    const Replay result = replay_frames(doubled(frames, wrapping == Wrapping::ipv6, hops));
    expect_sound(result);
    EXPECT_EQ(result.by_port(), all_outcomes_by_port());
    const Json& packets = result.report.at("packets");
    EXPECT_EQ(packets.at("received"), 2 * frames.size());
    EXPECT_EQ(packets.at("duplicates"), once.report.at("packets").at("tcp"));
    EXPECT_EQ(once.report.at("packets").at("duplicates"), 0);
    EXPECT_TRUE(result.report.at("span").at("duplicated"));
    EXPECT_FALSE(once.report.at("span").at("duplicated"));
    for (const Json& connection : result.report.at("connections"))
        EXPECT_TRUE(std::ranges::count(connection.at("flags"), "duplicate_seen")) << connection;
}

INSTANTIATE_TEST_SUITE_P(Mirror, Doubled,
                         testing::Combine(testing::Values(Wrapping::ipv4, Wrapping::ipv6),
                                          testing::Values(std::uint8_t{0}, std::uint8_t{1})));

/// All lives, one side's frames later than they were by more than the other takes to answer.
std::vector<TimedFrame> delayed(bool clients) {
    constexpr std::size_t source_network = 14 + 12 + 1;  // 10.1. are the clients
    std::vector<TimedFrame> frames = all_frames();
    for (TimedFrame& frame : frames)
        if ((frame.bytes[source_network] == 1) == clients) frame.time_us += 150;
    return in_order(std::move(frames));
}

/// Outcomes by port, but for lives in which the numbers do not say what came first: they are wrong, or of two attempts
/// on one four-tuple.
std::multimap<int, std::string> of_orderly_lives(std::multimap<int, std::string> outcomes) {
    const std::set<std::string> orderless{"SYN-ACK with a wrong ack",
                                          "final ACK with a wrong ack",
                                          "a client that restarts on the same port",
                                          "cancelled by another attempt",
                                          "two refused attempts on one four-tuple",
                                          "an XMAS probe",
                                          "begun before the capture and reset"};
    for (std::size_t i = 0; i < all_lives().size(); ++i)
        if (orderless.contains(all_lives()[i].name)) outcomes.erase(port_of(i + 1));
    return outcomes;
}

TEST(Mirror, DirectionsOutOfOrderChangeNoOutcome) {
    for (const bool clients : {false, true}) {
        const Replay result = replay_frames(delayed(clients));
        expect_sound(result);
        EXPECT_EQ(of_orderly_lives(result.by_port()), of_orderly_lives(all_outcomes_by_port()))
            << (clients ? "clients late" : "servers late");
    }
}

TEST(Mirror, ControlSegmentsAloneGiveTheSameOutcomes) {
    const Replay result = replay_frames(all_frames(), {}, {.more = {"--set", "tracking.depth=control"}});
    expect_sound(result);
    const auto told = [](const std::string& name) {
        const auto outcome = tally::outcome_from_name(name);
        return outcome && tally::is_told_at_control_depth(*outcome);
    };
    std::set<std::string> not_told;
    for (const Json& name : result.report.at("tracking").at("not_told")) not_told.insert(name);
    EXPECT_EQ(result.report.at("tracking").at("depth"), "control");
    EXPECT_TRUE(not_told.contains("blackholed"));
    const auto found = result.by_port();
    for (const auto& [port, outcome] : all_outcomes_by_port()) {
        EXPECT_EQ(told(outcome), !not_told.contains(outcome));
        if (!told(outcome)) continue;
        const auto [first, last] = found.equal_range(port);
        EXPECT_TRUE(std::any_of(first, last, [&](const auto& each) { return each.second == outcome; }))
            << outcome << " at " << port;
    }
    for (const std::string& outcome : not_told) {
        if (outcome == "listen_overflow") continue;  // unanswered SYNs show it all the same
        EXPECT_EQ(result.outcome(outcome), 0u) << outcome;
    }
    const Replay full = replay_frames(all_frames());
    EXPECT_EQ(full.report.at("tracking"),
              (Json{{"depth", "full"}, {"not_told", Json::array()}, {"control_depth_seconds", 0}, {"falls", 0}}));
}

/// Connections that live, seen from one side only.
std::vector<TimedFrame> living(Conversation::Side side) {
    std::vector<std::vector<TimedFrame>> captures;
    for (int i = 0; i < 20; ++i) {
        Conversation c({"10.1.0.1", static_cast<std::uint16_t>(40000 + i)}, {"10.2.0.1", 443},
                       default_start_us + i * 1'000'000);
        c.connected().client_data(100).server_data(5000).ack().client_data(100).server_data(5000).ack();
        if (i % 2 == 0) c.closed();
        captures.push_back(c.frames_of(side));
    }
    return merged(captures);
}

TEST(Mirror, OneDirectionAloneTurnsNoLifeIntoAFailure) {
    for (const auto side : {Conversation::Side::client, Conversation::Side::server}) {
        const Replay result = replay_frames(living(side));
        expect_sound(result);
        EXPECT_EQ(result.outcome("closed"), 10u);
        EXPECT_EQ(result.outcome("open"), 10u);
        EXPECT_EQ(result.report.at("failed"), 0);
        EXPECT_TRUE(result.report.at("span").at("one_way"));
        EXPECT_NE(result.report.at("span").at("text"), "");
        for (const Json& connection : result.report.at("connections"))
            EXPECT_TRUE(std::ranges::count(connection.at("flags"), "one_way")) << connection;
    }
    EXPECT_FALSE(replay_frames(all_frames()).report.at("span").at("one_way"));
}

TEST(Mirror, RequestsAloneCannotTellARefusalFromSilence) {
    std::vector<TimedFrame> frames = living(Conversation::Side::client);
    Conversation refused("10.1.0.1:50000", "10.2.0.1:7211", default_start_us + 30'000'000);
    refused.refused().wait(5).syn_again();
    for (const TimedFrame& frame : refused.frames_of(Conversation::Side::client)) frames.push_back(frame);
    const Replay result = replay_frames(in_order(std::move(frames)));
    expect_sound(result);
    EXPECT_EQ(result.outcome("unanswered"), 1u);
    EXPECT_EQ(result.outcome("refused"), 0u);
}

TEST(Mirror, AnswersAloneShowRefusals) {
    std::vector<TimedFrame> frames = living(Conversation::Side::server);
    for (int i = 0; i < 5; ++i) {
        Conversation refused({"10.1.0.1", static_cast<std::uint16_t>(50000 + i)}, {"10.2.0.1", 7211},
                             default_start_us + 30'000'000 + i * 1'000'000);
        refused.refused();
        for (const TimedFrame& frame : refused.frames_of(Conversation::Side::server)) frames.push_back(frame);
    }
    const Replay result = replay_frames(in_order(std::move(frames)));
    expect_sound(result);
    EXPECT_EQ(result.outcome("refused"), 5u);
    EXPECT_EQ(result.report.at("attempts"), 25);
    EXPECT_EQ(result.report.at("top").at("refused").at(0).at("port"), 7211);
}

}  // namespace
}  // namespace rstwatch::test
