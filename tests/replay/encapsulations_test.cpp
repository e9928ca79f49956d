// SPDX-License-Identifier: Apache-2.0
// What carries a conversation changes nothing about it.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/replay/replay.h"
#include "tests/support/encapsulations.h"

namespace rstwatch::test {
namespace {

/// Refused, reset and closed connections of one client.
std::vector<TimedFrame> conversations(bool is_v6, const std::function<void(PacketBuilder&)>& headers,
                                      std::size_t client = 0) {
    const std::string from =
        is_v6 ? "2001:db8:" + std::to_string(client) + "::2" : "10.0." + std::to_string(client) + ".2";
    const std::string server = is_v6 ? "2001:db8::1" : "10.0.0.1";
    std::vector<std::vector<TimedFrame>> all;
    const auto between = [&](std::uint16_t port) {
        Conversation c(Endpoint(from, static_cast<std::uint16_t>(40000 + port)), Endpoint(server, port),
                       default_start_us + port * 10'000);
        return c.encapsulated(headers);
    };
    all.push_back(between(1).refused().frames());
    all.push_back(between(2).connected().client_data(10).server_data(20).closed().frames());
    all.push_back(between(3).connected().client_data(10).server_abort().frames());
    all.push_back(between(4).connected().server_data(1000).server_abort().frames());
    return merged(all);
}

/// The connections of each client, without its name and what says how they were carried; and how they were carried.
struct Carried {
    Json connections = Json::array();
    std::set<std::string> tunnels;
};

std::map<std::string, Carried> by_client(const Replay& replay) {
    std::map<std::string, Carried> clients;
    for (Json connection : replay.report.at("connections")) {
        const std::string client = connection.at("client");
        Carried& carried = clients[client.substr(0, client.rfind(':'))];
        carried.tunnels.insert(connection.value("tunnel", ""));
        connection["client"] = client.substr(client.rfind(':'));
        for (const char* name : {"tunnel", "vlan"}) connection.erase(name);
        carried.connections.push_back(connection);
    }
    return clients;
}

/// All of them in one capture, each with a client of its own; the first client's packets are carried by nothing.
TEST(Encapsulations, GiveTheSameConnections) {
    for (const bool is_v6 : {false, true}) {
        const auto name_of = [&](std::size_t client) {
            return is_v6 ? "[2001:db8:" + std::to_string(client) + "::2]" : "10.0." + std::to_string(client) + ".2";
        };
        std::vector<Encapsulation> carriers;
        for (const Encapsulation& how : all_encapsulations())
            if (is_v6 ? how.ipv6 : how.ipv4) carriers.push_back(how);
        std::vector<std::vector<TimedFrame>> all{conversations(is_v6, {}, 1)};
        for (std::size_t i = 0; i < carriers.size(); ++i)
            all.push_back(conversations(is_v6, carriers[i].add_headers, i + 2));
        const Replay replay = replay_frames(merged(all));
        expect_sound(replay);
        const std::map<std::string, Carried> clients = by_client(replay);
        ASSERT_EQ(clients.size(), carriers.size() + 1);
        const Json& plain = clients.at(name_of(1)).connections;
        ASSERT_EQ(plain.size(), 4U);
        const Replay alone = replay_frames(conversations(is_v6, {}, 1));
        for (const auto& [flag, count] : alone.report.at("tcp_flags").items())
            EXPECT_EQ(replay.report.at("tcp_flags").at(flag), count.get<std::uint64_t>() * clients.size()) << flag;
        for (std::size_t i = 0; i < carriers.size(); ++i) {
            SCOPED_TRACE(carriers[i].name);
            const Carried& carried = clients.at(name_of(i + 2));
            EXPECT_EQ(carried.connections, plain);
            EXPECT_EQ(carried.tunnels, std::set<std::string>{carriers[i].tunnel});
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
