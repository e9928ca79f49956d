// SPDX-License-Identifier: Apache-2.0
#include "control/classify/refusal_origins.h"

#include <gtest/gtest.h>

#include "control/registry/registry.h"
#include "control/snapshot.h"
#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

using tally::Outcome;
using test::address;
using test::endpoint;
using test::IntervalData;

constexpr auto by_server = Outcome::refused;
constexpr auto by_device = Outcome::refused_by_device;
constexpr std::uint8_t near_ttl = 64, far_ttl = 61;  // 0 and 3 hops

class RefusalOriginsTest : public testing::Test {
  protected:
    void take(IntervalData& data) {
        origins_.judge(data.interval, overlay_);
        registry_.add(data.interval);
    }

    /// The server, 3 hops away, has accepted somebody.
    void accept(tally::Interval interval, std::uint32_t server = 9) {
        IntervalData data(interval);
        data.accepted(endpoint(7, 1), endpoint(server, 443), tally::interval_start(interval)).from_hops(3);
        take(data);
    }

    std::uint64_t of_destination(Outcome outcome) const { return count(registry_.destinations(), 9, outcome); }
    std::uint64_t of_client(Outcome outcome) const { return count(registry_.clients(), 1, outcome); }

    static std::uint64_t count(const Registry::Table& table, std::uint32_t of, Outcome outcome) {
        std::uint64_t sum = 0;
        for (const RegistryRow& row : table.rows())
            if (row.key.address == address(of)) sum += row.count(outcome);
        return sum;
    }

    const tally::Endpoint client_ = endpoint(1, 4000), server_ = endpoint(9, 80);
    RefusalOrigins origins_{100};
    OutcomeOverlay overlay_;
    Registry registry_{config::Settings::Registry{}};
};

TEST_F(RefusalOriginsTest, ARefusalFromElsewhereIsADevices) {
    accept(10);
    IntervalData verdict(20);
    verdict.judged(client_, server_, by_server, 20'000'001).from_hops(0);
    take(verdict);
    EXPECT_EQ(verdict.interval.sightings[0].kind, tally::row_kind(by_device));
    EXPECT_EQ(verdict.interval.outcomes.first[tally::index(by_device)], 1u);
    EXPECT_EQ(verdict.interval.outcomes.first[tally::index(by_server)], 0u);
    EXPECT_EQ(overlay_.moved(by_server, by_device), 1) << "the cores' gauges count it as refused";
    EXPECT_EQ(of_destination(by_device), 1u);

    IntervalData end(23);
    end.settled(client_, server_, by_server, 20'000'001, 0).interval.records[0].rst_ttl = near_ttl;
    take(end);
    EXPECT_EQ(end.interval.records[0].outcome, by_device);
    EXPECT_EQ(end.interval.outcomes.final[tally::index(by_device)], 1u);
    EXPECT_EQ(overlay_.moved(by_server, by_device), 0) << "final counts say it now";
    EXPECT_EQ(of_client(by_device), 1u);
    EXPECT_EQ(of_client(by_server), 0u);
    EXPECT_EQ(of_destination(by_device), 1u);
    EXPECT_EQ(of_destination(by_server), 0u);
}

TEST_F(RefusalOriginsTest, TheHostsOwnStaysItsOwn) {
    accept(10);
    IntervalData data(20);
    data.judged(client_, server_, by_server, 20'000'001).from_hops(3);
    data.settled(client_, server_, by_server, 20'000'001, 0).interval.records[0].rst_ttl = far_ttl;
    take(data);
    EXPECT_EQ(data.interval.records[0].outcome, by_server);
    EXPECT_EQ(of_destination(by_server), 1u);
}

TEST_F(RefusalOriginsTest, WithoutABaselineItIsTheHosts) {
    IntervalData data(20);
    data.judged(client_, server_, by_server, 20'000'001).from_hops(0);
    take(data);
    accept(21);
    IntervalData end(23);
    end.settled(client_, server_, by_server, 20'000'001, 0).interval.records[0].rst_ttl = near_ttl;
    take(end);
    EXPECT_EQ(end.interval.records[0].outcome, by_server) << "what was said stays said";
    EXPECT_EQ(of_destination(by_server), 1u);
    EXPECT_EQ(overlay_.moved(by_server, by_device), 0);
}

TEST_F(RefusalOriginsTest, ResetsAndIcmpErrorsTeachNothing) {
    IntervalData data(10);
    for (const Outcome outcome : {Outcome::icmp_rejected, Outcome::unsolicited, Outcome::refused})
        data.judged(client_, server_, outcome, 10'000'000).from_hops(5);
    take(data);
    EXPECT_TRUE(origins_.baselines().empty());
    IntervalData more(11);
    more.judged(client_, server_, Outcome::reset_mid_stream_by_server, 11'000'000).from_hops(3);
    take(more);
    EXPECT_EQ(origins_.baselines().size(), 1u);
}

TEST_F(RefusalOriginsTest, ARevisionTakesBackWhatWasCounted) {
    accept(10);
    IntervalData verdict(20);
    verdict.judged(client_, server_, by_server, 20'000'001).from_hops(0);
    take(verdict);
    IntervalData revision(21);
    revision.revised(client_, server_, 20, by_server, std::nullopt, 21'000'000).interval.revisions[0].hops = 0;
    take(revision);
    EXPECT_EQ(overlay_.moved(by_server, by_device), 0);
    for (const Outcome outcome : {by_server, by_device}) {
        EXPECT_EQ(of_destination(outcome), 0u);
        EXPECT_EQ(of_client(outcome), 0u);
    }
}

TEST_F(RefusalOriginsTest, ALateRefusalIsJudgedByItsRecord) {
    accept(10);
    IntervalData verdict(20);
    verdict.judged(client_, server_, Outcome::unanswered, 20'000'000);
    take(verdict);
    IntervalData revision(25);
    revision.revised(client_, server_, 20, Outcome::unanswered, by_server, 25'000'000);
    take(revision);
    EXPECT_EQ(of_destination(by_server), 1u);
    IntervalData end(28);
    end.settled(client_, server_, by_server, 25'000'000, 0).interval.records[0].rst_ttl = near_ttl;
    take(end);
    EXPECT_EQ(of_destination(by_device), 1u);
    EXPECT_EQ(of_destination(by_server), 0u);
    EXPECT_EQ(of_client(by_device), 1u);
    EXPECT_EQ(of_client(by_server), 0u);
    EXPECT_EQ(overlay_.moved(by_server, by_device), 0);
}

TEST_F(RefusalOriginsTest, DroppedRecordsDoNotBreakTheSum) {
    accept(10);
    Totals totals;
    for (tally::Interval i = 20; i < 30; ++i) {
        IntervalData data(i);
        data.judged(client_, server_, by_server, tally::interval_start(i)).from_hops(0);
        ++data.interval.outcomes.attempts;
        ++data.interval.outcomes.final[tally::index(by_server)];  // and no record
        take(data);
        add(totals.outcomes, data.interval.outcomes);
    }
    totals.overlay = overlay_;
    EXPECT_EQ(totals.shown()[tally::index(by_device)], 10u);
    EXPECT_EQ(totals.shown()[tally::index(by_server)], 0u);
    EXPECT_EQ(totals.attempts(), 10u);
}

}  // namespace
}  // namespace rstwatch::control
