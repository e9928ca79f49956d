// SPDX-License-Identifier: Apache-2.0
#include "control/store/store_reader.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temp_dir.h"
#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

using rstwatch::test::TempDir;
using tally::Outcome;
using test::address;
using test::endpoint;
using test::refused;

constexpr tally::RowKind unanswered = tally::row_kind(Outcome::unanswered);
constexpr tally::Time minute_us = 60 * tally::second;

MinuteRow network(std::uint64_t minute, tally::RowKind kind, std::int64_t count) {
    return {{minute, Scope::network, kind, false, {}}, count, 0, 0, 0};
}

MinuteRow of(Scope scope, const tally::Endpoint& subject, std::uint64_t minute, tally::RowKind kind, std::int64_t count,
             std::int64_t clients = 1) {
    return {{minute, scope, kind, true, subject}, count, clients, minute * 60'000'000 + 1, minute * 60'000'000 + 9};
}

Store::Options options(std::string path) {
    Store::Options options;
    options.path = std::move(path);
    return options;
}

class StoreReaderTest : public testing::Test {
  protected:
    StoreReaderTest() : store_(options(directory_ / "s.db"), [](bool, const std::string&) {}) { store_.start(); }

    /// Written when it returns.
    void write(std::vector<MinuteRow> rows) {
        store_.add(std::move(rows));
        store_.stop();
    }

    template <typename T>
    static T must(std::variant<T, StoreTrouble> answer) {
        if (const auto* trouble = std::get_if<StoreTrouble>(&answer)) {
            ADD_FAILURE() << trouble->sentence;
            return T{};
        }
        return std::get<T>(std::move(answer));
    }

    static StoreReader::TopRange failures(std::uint64_t from, std::uint64_t until) {
        StoreReader::TopRange range;
        for (const Outcome outcome : tally::all_outcomes())
            range.wanted[tally::index(outcome)] = tally::is_failed(outcome);
        range.from = from;
        range.until = until;
        return range;
    }

    TempDir directory_;
    Store store_;
};

TEST_F(StoreReaderTest, ReadsTheNetworkMinuteByMinute) {
    write({network(100, stored_kind::seconds, 60), network(100, stored_kind::packets, 500),
           network(100, stored_kind::attempts, 9), network(100, tally::accepted_kind, 3), network(100, refused, 4),
           network(101, stored_kind::seconds, 60), network(105, stored_kind::seconds, 7), network(105, refused, 1)});
    StoreReader reader(store_);
    EXPECT_EQ(must(reader.oldest_minute()), 100u);
    const auto points = must(reader.points({}, 100, 105));
    ASSERT_EQ(points.size(), 2u);
    EXPECT_EQ(points[0].first, 100u);
    EXPECT_EQ(points[0].second.seconds, 60u);
    EXPECT_EQ(points[0].second.packets, 500u);
    EXPECT_EQ(points[0].second.attempts, 9u);
    EXPECT_EQ(points[0].second.accepted, 3u);
    EXPECT_EQ(points[0].second.failed(), 4u);
    EXPECT_EQ(points[1].second.seconds, 60u) << "a minute without packets is one";
    EXPECT_EQ(points[1].second.packets, 0u);
    EXPECT_EQ(must(reader.points({}, 105, 200)).at(0).second.seconds, 7u);
}

TEST_F(StoreReaderTest, ASubjectHasAPointInEveryMinuteThatWasWatched) {
    write({network(100, stored_kind::seconds, 60), network(101, stored_kind::seconds, 60),
           of(Scope::service, endpoint(1, 80), 101, refused, 5), of(Scope::service, endpoint(1, 81), 101, refused, 6),
           of(Scope::incoming, {address(1), 0}, 101, refused, 11)});
    StoreReader reader(store_);
    const auto service = must(reader.points({Scope::service, endpoint(1, 80)}, 0, 1000));
    ASSERT_EQ(service.size(), 2u);
    EXPECT_EQ(service[0].second.failed(), 0u);
    EXPECT_EQ(service[1].second.failed(), 5u);
    EXPECT_EQ(must(reader.points({Scope::incoming, {address(1), 0}}, 0, 1000)).at(1).second.failed(), 11u);
    EXPECT_EQ(must(reader.points({Scope::outgoing, {address(1), 0}}, 0, 1000)).at(1).second.failed(), 0u);
}

TEST_F(StoreReaderTest, WhoeverIsAskedForHasTheNetworksDepth) {
    write({network(100, stored_kind::seconds, 60), network(101, stored_kind::seconds, 60),
           network(101, stored_kind::control_depth, 7), network(101, refused, 5),
           of(Scope::service, endpoint(1, 80), 101, refused, 5)});
    StoreReader reader(store_);
    for (const Subject& subject :
         {Subject{}, Subject{Scope::service, endpoint(1, 80)}, Subject{Scope::outgoing, {address(4), 0}}}) {
        const auto points = must(reader.points(subject, 0, 1000));
        ASSERT_EQ(points.size(), 2u);
        EXPECT_EQ(points[0].second.control_depth_seconds, 0u);
        EXPECT_EQ(points[1].second.control_depth_seconds, 7u);
    }
    EXPECT_EQ(must(reader.top(failures(100, 101))).control_depth_seconds, 0u);
    EXPECT_EQ(must(reader.top(failures(100, 102))).control_depth_seconds, 7u);
}

TEST_F(StoreReaderTest, RanksWhatIsWanted) {
    std::vector<MinuteRow> rows;
    for (std::uint64_t minute = 100; minute < 110; ++minute) {
        rows.push_back(network(minute, stored_kind::seconds, 60));
        rows.push_back(network(minute, stored_kind::attempts, 50));
        rows.push_back(of(Scope::service, endpoint(1, 80), minute, refused, 10, 4));
        rows.push_back(of(Scope::service, endpoint(2, 80), minute, unanswered, 20, 7));
        rows.push_back(of(Scope::service, endpoint(2, 80), minute, refused, 1));
        rows.push_back(of(Scope::service, endpoint(3, 443), minute, tally::row_kind(Outcome::closed), 500));
        rows.push_back({{minute, Scope::service, refused, false, {}}, 1000, 0, 0, 0});
        rows.push_back({{minute, Scope::service, stored_kind::missed, false, {}}, 2, 0, 0, 0});
        rows.push_back(of(Scope::outgoing, {address(77), 0}, minute, refused, 11));
    }
    write(rows);
    StoreReader reader(store_);
    const StoredTop top = must(reader.top(failures(102, 105)));
    EXPECT_EQ(top.seconds, 180u);
    EXPECT_EQ(top.attempts, 150u);
    ASSERT_EQ(top.rows.size(), 2u) << "neither what has no name nor what did not fail";
    EXPECT_EQ(top.rows[0].key, endpoint(2, 80));
    EXPECT_EQ(top.rows[0].count, 63u);
    EXPECT_EQ(top.rows[0].outcomes[refused], 3u);
    EXPECT_EQ(top.rows[0].error, 6u);
    EXPECT_EQ(top.rows[0].clients, 7u) << "at least those of the fullest minute";
    EXPECT_EQ(top.rows[0].clients + top.rows[0].clients_error, 24u) << "at most all of them";
    EXPECT_EQ(top.rows[1].first, 102 * minute_us + 1);
    EXPECT_EQ(top.rows[1].last, 104 * minute_us + 9);

    auto range = failures(102, 105);
    range.by_port = true;
    const StoredTop services = must(reader.top(range));
    ASSERT_EQ(services.rows.size(), 1u);
    EXPECT_EQ(services.rows[0].key.port, 80);
    EXPECT_EQ(services.rows[0].count, 93u);
    range = failures(102, 105);
    range.scope = Scope::outgoing;
    EXPECT_EQ(must(reader.top(range)).rows.at(0).key.address, address(77));
    range = failures(102, 105);
    range.rows = 1;
    EXPECT_EQ(must(reader.top(range)).rows.size(), 1u);
}

TEST_F(StoreReaderTest, WhatWasRevisedDoesNotCount) {
    write({network(100, stored_kind::seconds, 60), of(Scope::service, endpoint(1, 80), 100, unanswered, 3)});
    Store again(options(directory_ / "s.db"), [](bool, const std::string&) {});
    again.add({of(Scope::service, endpoint(1, 80), 100, unanswered, -3),
               of(Scope::service, endpoint(2, 80), 100, unanswered, -1)});
    again.start();
    again.stop();
    StoreReader reader(store_);
    EXPECT_TRUE(must(reader.top(failures(0, 1000))).rows.empty());
    EXPECT_EQ(must(reader.points({Scope::service, endpoint(2, 80)}, 0, 1000)).at(0).second.failed(), 0u);
}

TEST_F(StoreReaderTest, BothFamiliesKeepTheirAddresses) {
    const std::uint8_t bytes[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    const tally::Endpoint v6{tally::IpAddress::v6(bytes), 443};
    write({network(100, stored_kind::seconds, 60), of(Scope::service, v6, 100, refused, 3),
           of(Scope::service, endpoint(1, 80), 100, refused, 2)});
    StoreReader reader(store_);
    const StoredTop top = must(reader.top(failures(0, 1000)));
    ASSERT_EQ(top.rows.size(), 2u);
    EXPECT_EQ(to_string(top.rows[0].key), "[2001:db8::1]:443");
    EXPECT_EQ(top.rows[1].key, endpoint(1, 80));
    EXPECT_EQ(must(reader.points({Scope::service, v6}, 0, 1000)).at(0).second.failed(), 3u);
}

TEST_F(StoreReaderTest, WhatTakesTooLongIsEnded) {
    std::vector<MinuteRow> rows;
    for (std::uint64_t minute = 0; minute < 20; ++minute)
        for (std::uint32_t service = 0; service < 2000; ++service)
            rows.push_back(of(Scope::service, endpoint(service, 80), minute + 100, refused, 1));
    write(rows);
    StoreReader reader(store_, 0);
    const auto answer = reader.top(failures(0, 1000));
    ASSERT_TRUE(std::holds_alternative<StoreTrouble>(answer));
    EXPECT_TRUE(std::get<StoreTrouble>(answer).too_long);
    // And is answered when there is time.
    StoreReader patient(store_, 60'000);
    EXPECT_EQ(must(patient.top(failures(0, 1000))).rows.size(), 10u);
}

TEST_F(StoreReaderTest, AFileThatIsNotThereIsTrouble) {
    Store nowhere(options("/proc/nonexistent/s.db"), [](bool, const std::string&) {});
    StoreReader reader(nowhere);
    EXPECT_TRUE(reader.is_on());
    const auto answer = reader.points({}, 0, 10);
    ASSERT_TRUE(std::holds_alternative<StoreTrouble>(answer));
    EXPECT_FALSE(std::get<StoreTrouble>(answer).too_long);
    EXPECT_NE(std::get<StoreTrouble>(answer).sentence.find("/proc/nonexistent/s.db"), std::string::npos);
}

TEST_F(StoreReaderTest, AnEmptyFileHasNoMinutes) {
    store_.stop();
    StoreReader reader(store_);
    EXPECT_EQ(must(reader.oldest_minute()), std::nullopt);
    EXPECT_TRUE(must(reader.points({}, 0, 1'000'000'000)).empty());
    EXPECT_TRUE(must(reader.top(failures(0, 1'000'000'000))).rows.empty());
}

}  // namespace
}  // namespace rstwatch::control
