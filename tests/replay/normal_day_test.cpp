// SPDX-License-Identifier: Apache-2.0
// A day of a healthy network: a fifth of all connections ends by a reset, and nobody is woken up.
#include "tests/replay/normal_day.h"

#include <gtest/gtest.h>

#include "tests/replay/replay.h"

namespace rstwatch::test {
namespace {

constexpr std::uint32_t connections = 40'000;

Replay analyze(const Day& day, const std::vector<std::string>& more = {}) {
    ReplayOptions options;
    options.connections = false;
    options.more = more;
    // A day has 86,400 intervals, most of them all but empty.
    options.more.insert(options.more.end(), {"--set", "tally.banks=64"});
    return replay_frames(day.frames, {}, options);
}

/// What the day's maker knows must be what the daemon counts.
void expect_counted(const Replay& result, const Day& day) {
    expect_sound(result);
    std::uint64_t attempts = 0;
    for (const auto& [name, count] : day.outcomes) attempts += count;
    EXPECT_EQ(result.outcomes(), day.outcomes);
    EXPECT_EQ(result.report.at("attempts"), attempts);
    const Json& packets = result.report.at("packets");
    EXPECT_EQ(packets.at("received"), day.frames.size());
    EXPECT_EQ(packets.at("tcp"), day.frames.size());
    EXPECT_EQ(packets.at("duplicates"), 0) << "what is sent again is no copy that the mirror made";
    const Json& flags = result.report.at("tcp_flags");
    EXPECT_EQ(flags.at("rst").get<std::uint64_t>() + flags.at("rst_ack").get<std::uint64_t>(), day.resets);
}

TEST(NormalDay, AFifthOfAllConnectionsIsResetAndThatIsNoAlert) {
    const Day day = normal_day(connections);
    std::uint64_t attempts = 0;
    for (const auto& [name, count] : day.outcomes) attempts += count;
    ASSERT_GE(day.resets * 100, attempts * 20);
    ASSERT_GT(day.outcomes.at("refused"), 100u);
    ASSERT_GT(day.retransmissions, 3000u);
    for (const char* queues : {"rx.queues=1", "rx.queues=2"}) {
        const Replay result = analyze(day, {"--set", queues});
        expect_counted(result, day);
        EXPECT_EQ(result.report.at("alerts"), Json::array());
        EXPECT_EQ(result.report.at("top").at("scanners"), Json::array());
        EXPECT_GE(result.report.at("input").at("duration_seconds"), 86'000.0);
    }
}

TEST(NormalDay, OneOutageInItIsOneAlert) {
    const Day day = normal_day(connections, {.begins_s = 11 * 3600 + 17 * 60, .lasts_s = 240});
    const Replay result = analyze(day);
    expect_counted(result, day);
    const Json& alerts = result.report.at("alerts");
    ASSERT_EQ(alerts.size(), 1u) << alerts;
    const Json& alert = alerts.at(0);
    EXPECT_EQ(alert.at("scope"), "service");
    EXPECT_EQ(alert.at("subject"), day.broken_service);
    const auto since = alert.at("since").get<double>(), until = alert.at("until").get<double>();
    EXPECT_NEAR(since, static_cast<double>(day.broken_since_us) / 1e6, 1e-3);
    EXPECT_GT(until - since, 240.0);
    EXPECT_LT(until - since, 240.0 + 60.0) << "it is over soon after the outage is";
}

}  // namespace
}  // namespace rstwatch::test
