// SPDX-License-Identifier: Apache-2.0
// What carries a conversation changes nothing about it.
#include <gtest/gtest.h>

#include "tests/replay/replay.h"
#include "tests/support/encapsulations.h"

namespace rstwatch::test {
namespace {

/// Refused, reset and closed connections of one client.
std::vector<TimedFrame> conversations(bool is_v6, const std::function<void(PacketBuilder&)>& headers) {
    const std::string client = is_v6 ? "2001:db8::2" : "10.0.0.2", server = is_v6 ? "2001:db8::1" : "10.0.0.1";
    std::vector<std::vector<TimedFrame>> all;
    const auto between = [&](std::uint16_t port) {
        Conversation c(Endpoint(client, static_cast<std::uint16_t>(40000 + port)), Endpoint(server, port),
                       default_start_us + port * 10'000);
        return c.encapsulated(headers);
    };
    all.push_back(between(1).refused().frames());
    all.push_back(between(2).connected().client_data(10).server_data(20).closed().frames());
    all.push_back(between(3).connected().client_data(10).server_abort().frames());
    all.push_back(between(4).connected().server_data(1000).server_abort().frames());
    return merged(all);
}

/// The list of connections without what says how they were carried.
Json connections_of(const Replay& replay) {
    Json connections = replay.report.at("connections");
    for (Json& connection : connections)
        for (const char* name : {"tunnel", "vlan"}) connection.erase(name);
    return connections;
}

TEST(Encapsulations, GiveTheSameConnections) {
    for (const bool is_v6 : {false, true}) {
        const Replay plain = replay_frames(conversations(is_v6, {}));
        expect_sound(plain);
        ASSERT_EQ(plain.report.at("connections").size(), 4U);
        for (const Encapsulation& how : all_encapsulations()) {
            if (!(is_v6 ? how.ipv6 : how.ipv4)) continue;
            SCOPED_TRACE(how.name);
            const Replay carried = replay_frames(conversations(is_v6, how.add_headers));
            expect_sound(carried);
            EXPECT_EQ(connections_of(carried), connections_of(plain));
            EXPECT_EQ(carried.report.at("tcp_flags"), plain.report.at("tcp_flags"));
            for (const Json& connection : carried.report.at("connections"))
                EXPECT_EQ(connection.value("tunnel", ""), how.tunnel);
        }
    }
}

TEST(Encapsulations, PortsAreSettings) {
    const auto frames = conversations(
        false, [](PacketBuilder& p) { p.ipv4("192.0.2.1", "192.0.2.2").udp(50000, 7777).vxlan(5).ethernet(); });
    EXPECT_EQ(replay_frames(frames).report.at("packets").at("tcp"), 0);
    const Replay told = replay_frames(frames, {}, {.more = {"--set", "tunnel.vxlan_ports=4789, 7777"}});
    EXPECT_EQ(told.report.at("connections").size(), 4U);
}

/// Two customers with the same addresses: one connection unless something is said to tell them apart.
TEST(Encapsulations, OverlappingNetworks) {
    const auto customer = [](std::uint16_t id) {
        return [id](PacketBuilder& p) {
            p.vlan(id).ipv4("192.0.2.1", "192.0.2.2").udp(50000, 4789).vxlan(id + 1000u).ethernet();
        };
    };
    auto one = conversations(false, customer(100)), other = conversations(false, customer(200));
    const auto frames = merged({one, other});
    const auto attempts = [&](const std::string& domain, const char* queues) {
        const Replay result = replay_frames(
            frames, {}, {.more = {"--set", "tracking.domain=" + domain, "--set", std::string("rx.queues=") + queues}});
        expect_sound(result);
        return result.report.at("attempts").get<int>();
    };
    for (const char* queues : {"1", "2"}) {
        EXPECT_EQ(attempts("none", queues), 4);
        EXPECT_EQ(attempts("vlan", queues), 8);
        EXPECT_EQ(attempts("tunnel", queues), 8);
    }
}

}  // namespace
}  // namespace rstwatch::test
