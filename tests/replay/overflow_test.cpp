// SPDX-License-Identifier: Apache-2.0
// Tables past their capacity: totals stay exact, what has no row is in `other`, and the pressure is counted.
#include <gtest/gtest.h>

#include "tests/replay/lives.h"
#include "tests/replay/replay.h"

namespace rstwatch::test {
namespace {

Replay with_settings(const std::vector<TimedFrame>& frames, const std::vector<std::string>& settings) {
    ReplayOptions options;
    options.more = {"--rows", "100000"};
    for (const std::string& setting : settings) {
        options.more.emplace_back("--set");
        options.more.push_back(setting);
    }
    return replay_frames(frames, {}, options);
}

/// Refusals of 500 services by 300 clients, a few of each far more often than the rest.
std::vector<TimedFrame> refusals(std::uint32_t count) {
    std::vector<std::vector<TimedFrame>> all;
    std::uint32_t state = 12345;
    const auto below = [&](std::uint32_t limit) {
        state = state * 1664525u + 1013904223u;
        return (state >> 8) % limit;
    };
    for (std::uint32_t i = 0; i < count; ++i) {
        const bool often = below(3) == 0;
        const std::uint32_t server = often ? below(4) : below(500), client = often ? below(4) : below(300);
        Conversation c(Endpoint("10.5." + std::to_string(client / 200) + "." + std::to_string(client % 200),
                                static_cast<std::uint16_t>(1024 + i)),
                       Endpoint("10.6." + std::to_string(server / 200) + "." + std::to_string(server % 200), 80),
                       default_start_us + i * 2'000);
        all.push_back(c.refused().frames());
    }
    return merged(all);
}

std::uint64_t sum_of(const Json& rows) {
    std::uint64_t sum = 0;
    for (const Json& row : rows) sum += row.at("count").get<std::uint64_t>();
    return sum;
}

TEST(Overflow, SmallTalliesAndRegistriesLoseNoVerdict) {
    const auto frames = refusals(5000);
    const Replay roomy = with_settings(frames, {});
    expect_sound(roomy);
    EXPECT_EQ(roomy.outcome("refused"), 5000u);
    EXPECT_EQ(sum_of(roomy.report.at("top").at("refused")), 5000u);
    for (const char* table : {"connections", "destinations", "clients"}) {
        EXPECT_EQ(roomy.report.at("tables").at(table).at("overflowed"), 0) << table;
        EXPECT_EQ(roomy.report.at("tables").at(table).at("other"), 0) << table;
    }
    const std::vector<std::string> tallies{"tally.destinations=16", "tally.clients=16", "tally.records=64"};
    const std::vector<std::string> registry{"registry.destinations=16", "registry.clients=16", "registry.sketches=16",
                                            "window.rows=1000"};
    std::vector<std::string> both = tallies;
    both.insert(both.end(), registry.begin(), registry.end());
    for (const auto& settings : {tallies, registry, both}) {
        const Replay result = with_settings(frames, settings);
        expect_sound(result);
        EXPECT_EQ(result.report.at("outcomes"), roomy.report.at("outcomes")) << settings[0];
        EXPECT_EQ(result.report.at("packets"), roomy.report.at("packets"));
        EXPECT_EQ(result.report.at("connections"), roomy.report.at("connections"));
        const Json& tables = result.report.at("tables");
        EXPECT_GT(tables.at("destinations").at("overflowed"), 0) << settings[0];
        EXPECT_GT(tables.at("clients").at("overflowed"), 0) << settings[0];
        EXPECT_EQ(
            sum_of(result.report.at("top").at("refused")) + tables.at("destinations").at("other").get<std::uint64_t>(),
            5000u)
            << settings[0];
        EXPECT_EQ(sum_of(result.report.at("top").at("clients")) + tables.at("clients").at("other").get<std::uint64_t>(),
                  5000u)
            << settings[0];
        EXPECT_EQ(tables.at("records_dropped"), 0) << "a replay waits";
    }
}

TEST(Overflow, TheHeaviestDestinationsAreFoundAndTheirErrorIsABound) {
    const auto frames = refusals(5000);
    const Replay roomy = with_settings(frames, {}), small = with_settings(frames, {"registry.destinations=16"});
    std::map<std::string, std::uint64_t> truth;
    for (const Json& row : roomy.report.at("top").at("refused")) truth[row.at("address")] = row.at("count");
    const Json& rows = small.report.at("top").at("refused");
    ASSERT_GE(rows.size(), 4u);
    for (const Json& row : rows) {
        const std::uint64_t counted = row.at("count"), error = row.at("error");
        EXPECT_LE(counted, truth[row.at("address")]) << row;
        EXPECT_GE(counted + error, truth[row.at("address")]) << row;
    }
    for (std::size_t i = 0; i < 4; ++i)
        EXPECT_EQ(rows[i].at("address"), roomy.report.at("top").at("refused").at(i).at("address"));
}

TEST(Overflow, ErrorsAreBoundsWhereTheTalliesOverflow) {
    const auto frames = refusals(5000);
    const Replay roomy = with_settings(frames, {}), small = with_settings(frames, {"tally.destinations=16"});
    std::map<std::string, std::uint64_t> truth;
    for (const Json& row : roomy.report.at("top").at("refused")) truth[row.at("address")] = row.at("count");
    std::size_t wrong = 0;
    for (const Json& row : small.report.at("top").at("refused"))
        wrong += row.at("count").get<std::uint64_t>() + row.at("error").get<std::uint64_t>() < truth[row.at("address")];
    EXPECT_EQ(wrong, 0u) << "rows whose count and error do not reach the truth";
}

TEST(Overflow, AFullConnectionTableStillCountsEveryAttempt) {
    // 5,000 attempts at once in a table for 1,024.
    std::vector<std::vector<TimedFrame>> all;
    for (std::uint32_t i = 0; i < 5000; ++i) {
        Conversation c(Endpoint("10.5.0.1", static_cast<std::uint16_t>(1024 + i)), Endpoint("10.6.0.1", 80),
                       default_start_us + i * 10);
        if (i % 3 == 0) c.syn();
        if (i % 3 == 1) c.connected();
        if (i % 3 == 2) c.refused();
        all.push_back(c.frames());
    }
    const auto frames = merged(all);
    const Replay result = with_settings(frames, {"tracking.connections=1024"});
    expect_sound(result);
    EXPECT_EQ(result.report.at("packets").at("received"), frames.size());
    EXPECT_EQ(result.report.at("attempts"), 5000);
    const Json& table = result.report.at("tables").at("connections");
    EXPECT_EQ(table.at("capacity"), 1024);
    EXPECT_GT(table.at("overflowed"), 0);
    EXPECT_GT(table.at("evicted"), 0);
    EXPECT_EQ(with_settings(frames, {"tracking.connections=1024"}).report.at("outcomes"), result.report.at("outcomes"));
}

TEST(Overflow, EverythingSmallAtOnceIsConserved) {
    const auto frames = mixed_frames(20'000);
    for (const char* queues : {"rx.queues=1", "rx.queues=2"}) {
        const Replay result = with_settings(
            frames, {queues, "tracking.connections=1024", "tally.destinations=16", "tally.clients=16",
                     "tally.records=16", "tally.banks=2", "registry.destinations=16", "registry.clients=16",
                     "registry.sketches=16", "window.rows=1000", "rx.forward_ring=64"});
        expect_sound(result);
        EXPECT_EQ(result.report.at("packets").at("received"), 20'000);
        for (const char* table : {"destinations", "clients"})
            EXPECT_GT(result.report.at("tables").at(table).at("overflowed"), 0) << table;
    }
}

TEST(Overflow, VerdictsThatAreTakenBackLeaveOther) {
    // Unanswered for 5 s, then answered and aborted: 2,000 verdicts given and withdrawn, in tables for 16.
    std::vector<std::vector<TimedFrame>> all;
    for (std::uint32_t i = 0; i < 2000; ++i) {
        Conversation c(Endpoint("10.5.0.1", static_cast<std::uint16_t>(1024 + i)),
                       Endpoint("10.6." + std::to_string(i / 200) + ".1", static_cast<std::uint16_t>(1 + i % 200)),
                       default_start_us + i * 1'000);
        c.syn().at(5).syn_ack().ack().at(6).server_abort();
        all.push_back(c.frames());
    }
    const Replay result = with_settings(merged(all), {"registry.destinations=16", "registry.clients=16"});
    expect_sound(result);
    EXPECT_EQ(result.outcomes(), (std::map<std::string, std::uint64_t>{{"reset_before_data_by_server", 2000}}));
    EXPECT_EQ(sum_of(result.report.at("top").at("failed")) +
                  result.report.at("tables").at("destinations").at("other").get<std::uint64_t>(),
              2000u);
}

}  // namespace
}  // namespace rstwatch::test
