// SPDX-License-Identifier: Apache-2.0
#include "control/history/minute_rows.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

using tally::Outcome;
using test::endpoint;
using test::IntervalData;

constexpr tally::Interval begin = 60 * 1000;  // of minute 1000

std::int64_t count(const std::vector<MinuteRow>& rows, Scope scope, tally::RowKind kind, std::uint64_t minute = 1000) {
    std::int64_t sum = 0;
    for (const MinuteRow& row : rows)
        if (row.key.scope == scope && row.key.kind == kind && row.key.minute == minute) sum += row.count;
    return sum;
}

const MinuteRow* find(const std::vector<MinuteRow>& rows, const MinuteKey& key) {
    const auto found = std::ranges::find(rows, key, &MinuteRow::key);
    return found == rows.end() ? nullptr : &*found;
}

std::vector<MinuteRow> rows_of(MinuteRows& minutes, const IntervalData& data) {
    minutes.add(data.interval, data.interval.interval, CountChanges().of(data.interval, {}));
    return minutes.take(data.interval.interval);
}

constexpr tally::RowKind refused = tally::row_kind(Outcome::refused);

TEST(MinuteRows, CountsNetworkServicesAndHosts) {
    MinuteRows minutes({.rows = 100});
    IntervalData data(begin + 7);
    data.interval.packets.received = 50;
    data.interval.at_control_depth = true;
    const tally::Time time = tally::interval_start(begin + 7);
    data.ended(endpoint(1, 1000), endpoint(9, 80), Outcome::refused, time);
    data.ended(endpoint(1, 1001), endpoint(9, 80), Outcome::refused, time + 5);
    data.ended(endpoint(2, 1000), endpoint(9, 81), Outcome::refused, time);
    data.interval.contacts.push_back(test::sighting(endpoint(9, 82), endpoint(2, 3), tally::accepted_kind, time));
    data.interval.destinations.push_back(test::row(test::address(9), 82, tally::accepted_kind, 1, time));
    data.interval.outcomes.accepted = 1;
    const auto rows = rows_of(minutes, data);
    for (const Scope scope : {Scope::network, Scope::service, Scope::incoming, Scope::outgoing}) {
        EXPECT_EQ(count(rows, scope, refused), 3);
        EXPECT_EQ(count(rows, scope, tally::accepted_kind), 1);
    }
    EXPECT_EQ(count(rows, Scope::network, stored_kind::packets), 50);
    EXPECT_EQ(count(rows, Scope::network, stored_kind::attempts), 3);
    EXPECT_EQ(count(rows, Scope::network, stored_kind::seconds), 1);
    EXPECT_EQ(count(rows, Scope::network, stored_kind::control_depth), 1);
    const MinuteRow* service = find(rows, {1000, Scope::service, refused, true, endpoint(9, 80)});
    ASSERT_NE(service, nullptr);
    EXPECT_EQ(service->count, 2);
    EXPECT_EQ(service->clients, 1);
    EXPECT_EQ(service->first, time);
    EXPECT_EQ(service->last, time + 5);
    const MinuteRow* host = find(rows, {1000, Scope::incoming, refused, true, {test::address(9), 0}});
    ASSERT_NE(host, nullptr);
    EXPECT_EQ(host->count, 3);
    EXPECT_EQ(host->clients, 2);
}

TEST(MinuteRows, AClientIsNewOnceAMinuteWhateverIsTakenInBetween) {
    MinuteRows minutes({.rows = 100});
    std::int64_t clients = 0;
    for (tally::Interval second = begin; second < begin + 120; ++second) {
        IntervalData data(second);
        data.judged(endpoint(1, 1), endpoint(9, 80), Outcome::refused, tally::interval_start(second));
        for (const MinuteRow& row : rows_of(minutes, data))
            if (row.key.scope == Scope::service) clients += row.clients;
    }
    EXPECT_EQ(clients, 2);
}

TEST(MinuteRows, PassedSecondsBelongToTheirMinutes) {
    MinuteRows minutes({.rows = 100});
    minutes.add(IntervalData(begin + 130).interval, begin + 55, {});
    const auto rows = minutes.take(begin + 130);
    EXPECT_EQ(count(rows, Scope::network, stored_kind::seconds, 1000), 5);
    EXPECT_EQ(count(rows, Scope::network, stored_kind::seconds, 1001), 60);
    EXPECT_EQ(count(rows, Scope::network, stored_kind::seconds, 1002), 11);
}

TEST(MinuteRows, ARevisionIsTakenFromTheMinuteOfItsVerdict) {
    MinuteRows minutes({.rows = 100});
    IntervalData data(begin + 90);
    data.revised(endpoint(1, 1), endpoint(9, 80), begin + 3, Outcome::unanswered, Outcome::refused,
                 tally::interval_start(begin + 90));
    const auto rows = rows_of(minutes, data);
    for (const Scope scope : {Scope::network, Scope::service, Scope::incoming, Scope::outgoing}) {
        EXPECT_EQ(count(rows, scope, tally::row_kind(Outcome::unanswered), 1000), -1);
        EXPECT_EQ(count(rows, scope, refused, 1000), 1);
        EXPECT_EQ(count(rows, scope, refused, 1001), 0);
    }
}

TEST(MinuteRows, TheLightestLoseTheirNamesAndNothingElse) {
    MinuteRows minutes({.rows = 3});
    IntervalData data(begin);
    for (std::uint32_t server = 1; server <= 10; ++server)
        for (std::uint32_t i = 0; i < server; ++i)
            data.judged(endpoint(100 + i, 1), endpoint(server, 80), Outcome::refused, tally::interval_start(begin) + i);
    const auto rows = rows_of(minutes, data);
    EXPECT_EQ(count(rows, Scope::network, refused), 55);
    EXPECT_EQ(count(rows, Scope::service, refused), 55);
    EXPECT_EQ(count(rows, Scope::incoming, refused), 55);
    std::map<std::uint32_t, std::int64_t> named;
    for (const MinuteRow& row : rows)
        if (row.key.scope == Scope::service && row.key.named) named[row.key.subject.address.bytes[15]] = row.count;
    EXPECT_EQ(named, (std::map<std::uint32_t, std::int64_t>{{8, 8}, {9, 9}, {10, 10}}));
    EXPECT_EQ(count(rows, Scope::service, stored_kind::missed), 7);
    // Services, hosts they are on, and clients (of which there are ten, too).
    EXPECT_EQ(minutes.overflowed(), 7u * 3);
}

TEST(MinuteRows, WhatBanksMissedIsSaid) {
    MinuteRows minutes({.rows = 100});
    IntervalData data(begin);
    data.interval.destinations_missed = 4;
    data.interval.clients_missed = 2;
    const auto rows = rows_of(minutes, data);
    EXPECT_EQ(count(rows, Scope::service, stored_kind::missed), 4);
    EXPECT_EQ(count(rows, Scope::outgoing, stored_kind::missed), 2);
}

TEST(MinuteRows, ClientsBeyondTheCapacityAreCountedAsSuch) {
    MinuteRows minutes({.rows = 100, .pairs = 10});
    IntervalData data(begin);
    for (std::uint32_t client = 0; client < 20; ++client)
        data.judged(endpoint(client, 1), endpoint(9, 80), Outcome::refused, tally::interval_start(begin));
    std::int64_t clients = 0;
    for (const MinuteRow& row : rows_of(minutes, data)) clients += row.clients;
    EXPECT_EQ(clients, 10);
    EXPECT_EQ(minutes.pairs_overflowed(), 30u);
}

TEST(MinuteRows, AreDueEveryFewSecondsAndSoonerUnderLoad) {
    MinuteRows minutes({.rows = 16});
    EXPECT_FALSE(minutes.due(begin));
    rows_of(minutes, IntervalData(begin));
    minutes.add(IntervalData(begin + 1).interval, begin + 1, {});
    EXPECT_FALSE(minutes.due(begin + 1));
    EXPECT_TRUE(minutes.due(begin + 5));
    IntervalData flood(begin + 2);
    for (std::uint32_t server = 0; server < 300; ++server)
        flood.judged(endpoint(1, 1), endpoint(server, 80), Outcome::refused, tally::interval_start(begin));
    minutes.add(flood.interval, begin + 2, {});
    EXPECT_TRUE(minutes.due(begin + 2));
    EXPECT_LE(minutes.take(begin + 2).size(), 4 * 16u + 16u);
}

TEST(MinuteRows, AreTheSameEachTime) {
    const auto run = [] {
        MinuteRows minutes({.rows = 5});
        IntervalData data(begin);
        for (std::uint32_t server = 0; server < 50; ++server)
            data.judged(endpoint(server % 7, 1), endpoint(server, 80), Outcome::refused, tally::interval_start(begin));
        std::vector<std::pair<tally::Endpoint, std::int64_t>> rows;
        for (const MinuteRow& row : rows_of(minutes, data)) rows.emplace_back(row.key.subject, row.count);
        return rows;
    };
    EXPECT_EQ(run(), run());
}

}  // namespace
}  // namespace rstwatch::control
