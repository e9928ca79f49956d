// SPDX-License-Identifier: Apache-2.0
// What one connection alone cannot show, through the real programs.
#include <gtest/gtest.h>

#include "tests/replay/replay.h"

namespace rstwatch::test {
namespace {

using C = Conversation;
using Captures = std::vector<std::vector<TimedFrame>>;

std::int64_t at(double seconds) {
    return default_start_us + static_cast<std::int64_t>(seconds * 1e6);
}

std::string host(const std::string& net, int number) {
    return "10." + net + "." + std::to_string(number);
}

/// A client's connection to 10.2.0.9, which is 1 hop away.
C to_server(int client, std::uint16_t port, double seconds) {
    return {Endpoint(host("1.0", client), static_cast<std::uint16_t>(40000 + seconds)), Endpoint("10.2.0.9", port),
            at(seconds)};
}

/// The report must not depend on how many cores made it.
Replay replay_alike(const std::vector<TimedFrame>& frames) {
    const Replay one = replay_frames(frames);
    expect_sound(one);
    for (const char* queues : {"2", "3"}) {
        const Replay more = replay_frames(frames, {}, {.more = {"--set", std::string("rx.queues=") + queues}});
        EXPECT_EQ(without_input(more.report), without_input(one.report)) << queues << " cores";
    }
    return one;
}

/// What is listed, counted and ranked must be the same.
void expect_agreement(const Json& report) {
    std::map<std::string, std::uint64_t> listed, of_destinations, of_clients;
    for (const Json& connection : report.at("connections")) ++listed[connection.at("outcome")];
    for (const auto& [name, count] : report.at("outcomes").items())
        EXPECT_EQ(count.get<std::uint64_t>(), listed[name]) << name;
    for (const auto& [list, sums] : {std::pair{"failed", &of_destinations}, std::pair{"clients", &of_clients}})
        for (const Json& row : report.at("top").at(list))
            for (const auto& [name, count] : row.at("outcomes").items()) (*sums)[name] += count.get<std::uint64_t>();
    for (const char* name : {"refused", "refused_by_device", "unanswered", "listen_overflow"}) {
        EXPECT_EQ(of_destinations[name], listed[name]) << name;
        EXPECT_EQ(of_clients[name], listed[name]) << name;
    }
}

TEST(Classify, ARefusalFromAnotherDistanceIsADevices) {
    Captures captures{to_server(1, 443, 0).connected().closed().frames()};
    for (int i = 0; i < 6; ++i)
        captures.push_back(to_server(2 + i, 8443, 2 + i).syn().with_ttl(64).server_rst_ack().frames());
    captures.push_back(to_server(3, 80, 20).refused().frames());
    captures.push_back(to_server(4, 8443, 30).syn().at(5).syn_again().with_ttl(64).server_rst_ack().frames());
    const Replay result = replay_alike(merged(captures));
    EXPECT_EQ(result.outcome("refused_by_device"), 7u) << "a late one, too";
    EXPECT_EQ(result.outcome("refused"), 1u);
    for (const Json& connection : result.report.at("connections")) {
        if (connection.at("outcome") == "closed") continue;
        EXPECT_EQ(connection.at("rst_by"), connection.at("outcome") == "refused" ? "server" : "device");
    }
    expect_agreement(result.report);
}

TEST(Classify, AQueueThatIsFullForManyIsOne) {
    Captures captures;
    for (int i = 0; i < 4; ++i) captures.push_back(to_server(i, 80, 10.0 * i).connected().client_data(5).frames());
    for (int i = 0; i < 5; ++i)
        captures.push_back(to_server(20 + i, 80, 12 + 4.0 * i).syn().at(1).syn_again().at(3).syn_again().frames());
    captures.push_back(to_server(2, 80, 31).syn().at(5).syn_again().frames());
    captures.push_back(to_server(21, 81, 14).syn().at(1).syn_again().at(3).syn_again().frames());
    captures.push_back(to_server(22, 80, 33).syn().at(4).syn_again().syn_ack().ack().closed().frames());
    const Replay result = replay_alike(merged(captures));
    EXPECT_EQ(result.outcome("listen_overflow"), 6u);
    EXPECT_EQ(result.outcome("unanswered"), 1u) << "the port that accepts nobody";
    EXPECT_EQ(result.outcome("closed"), 1u) << "who got through in the end";
    expect_agreement(result.report);
}

TEST(Classify, WhereOnlyServersAreSeenTheirRefusalsCount) {
    Captures captures;
    for (int i = 0; i < 5; ++i) {
        C refused = to_server(i, 80, 5 * i).refused();
        captures.push_back(refused.frames_of(C::Side::server));
    }
    captures.push_back(to_server(7, 81, 3).syn().syn_ack().at(1).syn_ack_again().frames_of(C::Side::server));
    const Replay result = replay_alike(merged(captures));
    EXPECT_EQ(result.outcome("refused"), 5u);
    EXPECT_EQ(result.outcome("handshake_incomplete"), 1u);
    EXPECT_EQ(result.report.at("attempts"), 6);
    EXPECT_TRUE(result.report.at("span").at("one_way"));
    for (const Json& connection : result.report.at("connections"))
        EXPECT_EQ(connection.at("flags"), Json::array({"one_way"}));
    expect_agreement(result.report);
}

TEST(Classify, WhatShowsTheOtherDirectionTakesThemBack) {
    Captures captures;
    for (int i = 0; i < 5; ++i) captures.push_back(to_server(i, 80, 5 * i).refused().frames_of(C::Side::server));
    captures.push_back(to_server(9, 443, 60).connected().closed().frames());
    const Replay result = replay_alike(merged(captures));
    EXPECT_EQ(result.outcome("unsolicited"), 5u);
    EXPECT_EQ(result.outcome("refused"), 0u);
    EXPECT_FALSE(result.report.at("span").at("one_way"));
    EXPECT_EQ(result.report.at("attempts"), 1);
    expect_agreement(result.report);
}

TEST(Classify, ReflectedSynAcksAreNoAttempts) {
    Captures captures;
    for (int i = 0; i < 6; ++i) {
        C answer(Endpoint("10.1.0.1", 50000), Endpoint(host("3.0", i), 80), at(i));
        captures.push_back(answer.syn().syn_ack().at(1).syn_ack_again().frames_of(C::Side::server));
    }
    const Replay result = replay_alike(merged(captures));
    EXPECT_EQ(result.outcome("unsolicited"), 6u);
    EXPECT_EQ(result.report.at("attempts"), 0);
    expect_agreement(result.report);
}

TEST(Classify, AFloodFromForgedAddressesIsToldAsOne) {
    constexpr int addresses = 1600;
    Captures captures;
    for (int i = 0; i < addresses; ++i) {
        const Endpoint forged(host(std::to_string(100 + i / 200) + ".7", i % 200), 5000);
        captures.push_back(C(forged, Endpoint("10.2.0.9", 80), at(i * 0.005)).syn().frames());
    }
    captures.push_back(to_server(1, 443, 12).connected().closed().frames());
    const Replay result = replay_alike(merged(captures));
    EXPECT_EQ(result.outcome("unanswered"), addresses);
    const Json& service = result.report.at("services").at(0);
    EXPECT_EQ(service.at("diagnosis").at("rule"), "flooded") << service.dump(1);
}

}  // namespace
}  // namespace rstwatch::test
