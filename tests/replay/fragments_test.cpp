// SPDX-License-Identifier: Apache-2.0
// Connections whose packets come in fragments.
#include <gtest/gtest.h>

#include "tests/replay/replay.h"

namespace rstwatch::test {
namespace {

using Headers = std::function<void(PacketBuilder&)>;

/// A hundred connections whose data segments need fragments, two of them mixed with each other at a time.
std::vector<TimedFrame> fragmented(bool is_v6, const Headers& headers, std::size_t bytes, bool backwards = false) {
    std::vector<std::vector<TimedFrame>> all;
    for (std::uint16_t number = 0; number < 100; ++number) {
        const std::string client = is_v6 ? "2001:db8::2" : "10.0.0.2", server = is_v6 ? "2001:db8::1" : "10.0.0.1";
        std::vector<TimedFrame> frames;
        std::uint32_t id = number * 100u;
        Conversation c(Endpoint(client, static_cast<std::uint16_t>(40000 + number)), Endpoint(server, 80),
                       default_start_us + number / 2 * 100'000);
        c.encapsulated(headers);
        const auto cut = [&](PacketBuilder& packet) {
            auto pieces = packet.build_fragments(bytes, ++id);
            if (backwards) std::reverse(pieces.begin(), pieces.end());
            for (Bytes& piece : pieces) frames.push_back({c.now_us(), std::move(piece), 0});
        };
        c.with(cut).syn().with(cut).syn_ack().with(cut).ack().with(cut).client_data(700);
        if (number % 3 == 0) c.with(cut).server_abort();
        if (number % 3 == 1) c.with(cut).server_data(3000).with(cut).client_rst();
        if (number % 3 == 2) c.with(cut).server_data(900).with(cut).client_fin().with(cut).server_fin().with(cut).ack();
        all.push_back(frames);
    }
    return merged(all);
}

Replay replay_with(const std::vector<TimedFrame>& frames, std::vector<std::string> settings) {
    ReplayOptions options;
    for (std::string& setting : settings) {
        options.more.emplace_back("--set");
        options.more.push_back(std::move(setting));
    }
    return replay_frames(frames, {}, options);
}

class Fragments : public testing::TestWithParam<std::tuple<bool, bool, const char*>> {};

TEST_P(Fragments, AreWhatTheyWereBefore) {
    const auto& [is_v6, backwards, tunnel] = GetParam();
    Headers headers;
    if (std::string(tunnel) == "gre") headers = [](PacketBuilder& p) { p.ipv4("192.0.2.1", "192.0.2.2").gre(7); };
    const auto frames = fragmented(is_v6, headers, 24, backwards);
    const Replay result = replay_with(frames, {});
    expect_sound(result);
    EXPECT_EQ(result.report.at("attempts"), 100);
    EXPECT_EQ(result.outcome("reset_without_response"), 34);
    EXPECT_EQ(result.outcome("peer_lost_state"), 33);
    EXPECT_EQ(result.outcome("closed"), 33);
    EXPECT_EQ(result.report.at("packets").at("tcp"), 34 * 5 + 33 * 6 + 33 * 8);
    // All but the resets that have nothing beside their 20 bytes.
    EXPECT_EQ(result.report.at("tables").at("datagrams").at("completed"), 34 * 5 + 33 * 5 + 33 * 8);
    EXPECT_EQ(result.report.at("tables").at("datagrams").at("used"), 0);
    std::uint64_t bytes = 0;
    for (const TimedFrame& frame : frames) bytes += frame.bytes.size();
    EXPECT_EQ(result.report.at("packets").at("bytes").get<std::uint64_t>(), bytes);
}

TEST_P(Fragments, AnyNumberOfQueuesAndAnyBurst) {
    const auto& [is_v6, backwards, tunnel] = GetParam();
    Headers headers;
    if (std::string(tunnel) == "gre") headers = [](PacketBuilder& p) { p.ipv4("192.0.2.1", "192.0.2.2").gre(7); };
    const auto frames = fragmented(is_v6, headers, 24, backwards);
    const Json one = replay_with(frames, {}).report;
    for (const char* burst : {"rx.burst=1", "rx.burst=7", "rx.burst=64"})
        EXPECT_EQ(without_input(replay_with(frames, {burst}).report), without_input(one)) << burst;
    for (const char* queues : {"rx.queues=2", "rx.queues=3"}) {
        Json several = replay_with(frames, {queues}).report;
        ASSERT_TRUE(several.is_object());
        EXPECT_EQ(several.at("packets"), one.at("packets"));
        EXPECT_EQ(several.at("connections"), one.at("connections"));
        EXPECT_EQ(several.at("tcp_flags"), one.at("tcp_flags"));
        EXPECT_EQ(several.at("tables").at("datagrams").at("completed"),
                  one.at("tables").at("datagrams").at("completed"));
    }
}

INSTANTIATE_TEST_SUITE_P(Replay, Fragments,
                         testing::Combine(testing::Bool(), testing::Bool(), testing::Values("", "gre")));

TEST(FragmentTable, OverflowsAndTimesOutWithTheSumsRight) {
    std::vector<TimedFrame> frames;
    for (std::uint32_t id = 0; id < 100; ++id) {
        const auto pieces = PacketBuilder().ethernet().ipv4("10.0.0.2", "10.0.0.1").tcp(40000, 80).syn().payload_of(40);
        frames.push_back({default_start_us + id, pieces.build_fragments(24, id)[0], 0});
    }
    frames.push_back(
        {default_start_us + 31'000'000, PacketBuilder().ethernet().arp("10.0.0.1", "10.0.0.2").build(), 0});
    const Replay result = replay_with(frames, {"rx.datagrams=16"});
    expect_sound(result);
    const Json& table = result.report.at("tables").at("datagrams");
    EXPECT_EQ(table.at("capacity"), 16);
    EXPECT_EQ(table.at("evicted"), 84);
    EXPECT_EQ(table.at("overflowed"), 84);
    EXPECT_EQ(table.at("timed_out"), 16);
    EXPECT_EQ(table.at("used"), 0);
    EXPECT_EQ(table.at("completed"), 0);
    EXPECT_EQ(result.report.at("packets").at("fragments"), 100);
}

}  // namespace
}  // namespace rstwatch::test
