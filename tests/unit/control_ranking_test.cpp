// SPDX-License-Identifier: Apache-2.0
#include "control/registry/ranking.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

using tally::Outcome;
using test::address;
using test::endpoint;
using test::IntervalData;

RankedRow ranked(std::uint32_t number, std::uint16_t port, std::uint64_t count) {
    RankedRow row;
    row.key = endpoint(number, port);
    row.count = count;
    return row;
}

TEST(Ranking, HeaviestFirstAndTiesByAddressAndPort) {
    std::vector<RankedRow> rows{ranked(3, 80, 5), ranked(1, 80, 5), ranked(2, 80, 9), ranked(1, 22, 5),
                                ranked(7, 1, 1)};
    keep_heaviest(rows, 4);
    ASSERT_EQ(rows.size(), 4u);
    EXPECT_EQ(rows[0].key, endpoint(2, 80));
    EXPECT_EQ(rows[1].key, endpoint(1, 22));
    EXPECT_EQ(rows[2].key, endpoint(1, 80));
    EXPECT_EQ(rows[3].key, endpoint(3, 80));
}

TEST(Ranking, WhatIsKeptDoesNotDependOnTheOrderOfTheRows) {
    std::vector<RankedRow> rows;
    for (std::uint32_t i = 0; i < 200; ++i) rows.push_back(ranked(i * 37 % 200, 80, i % 3));
    std::vector<RankedRow> reversed(rows.rbegin(), rows.rend());
    keep_heaviest(rows, 70);
    keep_heaviest(reversed, 70);
    EXPECT_TRUE(std::ranges::equal(rows, reversed, {}, &RankedRow::key, &RankedRow::key));
}

TEST(Ranking, AShortListIsSortedOnly) {
    std::vector<RankedRow> rows{ranked(3, 80, 1), ranked(1, 80, 2)};
    keep_heaviest(rows, 10);
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].key, endpoint(1, 80));
    keep_heaviest(rows, 0);
    EXPECT_TRUE(rows.empty());
}

TEST(Ranking, ListsEachRankingByItsOwnOutcomes) {
    Registry registry{config::Settings::Registry{}};
    Scanners scanners(100);
    IntervalData data;
    data.ended(endpoint(1, 1), endpoint(100, 80), Outcome::refused, 10);
    data.ended(endpoint(1, 2), endpoint(100, 80), Outcome::refused_by_device, 20);
    data.ended(endpoint(2, 1), endpoint(100, 80), Outcome::closed, 30);
    data.ended(endpoint(2, 2), endpoint(200, 80), Outcome::unanswered, 40);
    data.ended(endpoint(2, 3), endpoint(200, 80), Outcome::icmp_rejected, 50);
    data.ended(endpoint(2, 4), endpoint(200, 80), Outcome::reset_without_response, 60);
    data.ended(endpoint(3, 4), endpoint(300, 80), Outcome::closed, 70);
    registry.add(data.interval);
    OutcomeOverlay overlay;
    scanners.add(data.interval, registry, overlay);
    const Ranking ranking = rank(registry, scanners, 10);

    ASSERT_EQ(ranking.refused.size(), 1u) << "refused counts both ways to be refused, and nothing else";
    EXPECT_EQ(ranking.refused[0].key, endpoint(100, 80));
    EXPECT_EQ(ranking.refused[0].count, 2u);
    EXPECT_EQ(ranking.refused[0].clients, 1u);
    EXPECT_EQ(ranking.refused[0].first, 10u);
    EXPECT_EQ(ranking.refused[0].last, 20u) << "times are those of the outcomes that are counted";
    EXPECT_EQ(ranking.refused[0].outcomes[tally::index(Outcome::closed)], 1u);

    ASSERT_EQ(ranking.failed.size(), 2u);
    EXPECT_EQ(ranking.failed[0].key, endpoint(200, 80));
    EXPECT_EQ(ranking.failed[0].count, 3u);
    EXPECT_EQ(ranking.failed[1].count, 2u);

    ASSERT_EQ(ranking.clients.size(), 2u) << "a client without failures is not in it";
    EXPECT_EQ(ranking.clients[0].key, endpoint(2, 0));
    EXPECT_EQ(ranking.clients[0].count, 3u);
    EXPECT_TRUE(ranking.scanners.empty());
}

TEST(Ranking, LimitsEveryList) {
    Registry registry{config::Settings::Registry{}};
    Scanners scanners(100);
    IntervalData data;
    for (std::uint32_t client = 1; client <= 6; ++client)
        for (std::uint32_t server = 0; server < 4; ++server)
            data.ended(endpoint(client, 1), endpoint(1000 + client * 10 + server, 80), Outcome::refused, client);
    registry.add(data.interval);
    OutcomeOverlay overlay;
    scanners.add(data.interval, registry, overlay);
    const Ranking all = rank(registry, scanners, 100), few = rank(registry, scanners, 3);
    EXPECT_EQ(all.refused.size(), 24u);
    EXPECT_EQ(all.clients.size(), 6u);
    EXPECT_EQ(all.scanners.size(), 6u);
    EXPECT_EQ(few.refused.size(), 3u);
    EXPECT_EQ(few.failed.size(), 3u);
    EXPECT_EQ(few.clients.size(), 3u);
    EXPECT_EQ(few.scanners.size(), 3u);
}

TEST(Ranking, ClientsPastTheLastSketchAreALeastWithAnError) {
    config::Settings::Registry settings;
    settings.sketches = 0;
    Registry registry(settings);
    Scanners scanners(10);
    IntervalData data;
    for (std::uint32_t client = 0; client < 100; ++client)
        data.ended(endpoint(client, 1), endpoint(1000, 80), Outcome::refused, client);
    registry.add(data.interval);
    const Ranking ranking = rank(registry, scanners, 10);
    ASSERT_EQ(ranking.refused.size(), 1u);
    EXPECT_EQ(ranking.refused[0].clients, 32u);
    EXPECT_EQ(ranking.refused[0].clients_error, 68u);
}

}  // namespace
}  // namespace rstwatch::control
