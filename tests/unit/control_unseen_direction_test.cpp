// SPDX-License-Identifier: Apache-2.0
#include "control/classify/unseen_direction.h"

#include <gtest/gtest.h>

#include "control/snapshot.h"
#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

using tally::Outcome;
using test::address;
using test::endpoint;
using test::IntervalData;
namespace flag = tally::record_flag;

class UnseenDirectionTest : public testing::Test {
  protected:
    void take(IntervalData& data) {
        refusals_.judge(data.interval, overlay_);
        registry_.add_rows(data.interval);
        unseen_.judge(data.interval, registry_, overlay_, refusals_);
        registry_.add_changes(data.interval);
        control::add(totals_.outcomes, data.interval.outcomes);
        totals_.overlay = overlay_;
    }

    /// A RST with ACK and sequence 0, and nothing else.
    IntervalData lone_refusal(std::uint32_t client, std::uint32_t server, std::uint8_t ttl = 61) {
        IntervalData data(++second_);
        data.ended(endpoint(client, 1), endpoint(server, 80), Outcome::unsolicited, second_ * tally::second,
                   flag::lone_refusal);
        data.interval.records[0].syn_count = 0;
        data.interval.records[0].rst_count = 1;
        data.interval.records[0].rst_ttl = ttl;
        take(data);
        return data;
    }

    IntervalData synacks(std::uint32_t client, std::uint32_t server, std::uint16_t count, bool answered = false) {
        IntervalData data(++second_);
        data.ended(endpoint(client, 1), endpoint(server, 80), Outcome::unsolicited, second_ * tally::second);
        data.interval.records[0].syn_count = 0;
        data.interval.records[0].synack_count = count;
        data.interval.records[0].client_ttl = answered ? 64 : 0;
        take(data);
        return data;
    }

    void show_both_directions() {
        IntervalData data(++second_);
        data.interval.outcomes.two_sided = 1;
        take(data);
    }

    std::uint64_t shown(Outcome outcome) const { return totals_.shown()[tally::index(outcome)]; }
    static std::uint64_t sum(const Registry::Table& table, Outcome outcome) {
        std::uint64_t sum = 0;
        for (const RegistryRow& row : table.rows()) sum += row.count(outcome);
        return sum;
    }
    /// The same in every count that is shown.
    void expect_everywhere(Outcome outcome, std::uint64_t count) {
        EXPECT_EQ(shown(outcome), count) << tally::name(outcome);
        EXPECT_EQ(sum(registry_.destinations(), outcome), count) << tally::name(outcome);
        EXPECT_EQ(sum(registry_.clients(), outcome), count) << tally::name(outcome);
    }

    Registry registry_{config::Settings::Registry{}};
    RefusalOrigins refusals_{100};
    OutcomeOverlay overlay_;
    UnseenDirection unseen_{true};
    Totals totals_;
    tally::Interval second_ = 1000;
};

TEST_F(UnseenDirectionTest, ALoneRefusalIsOneWhereOnlyServersAreSeen) {
    const IntervalData data = lone_refusal(1, 9);
    const tally::AttemptRecord& record = data.interval.records[0];
    EXPECT_EQ(record.outcome, Outcome::refused);
    EXPECT_TRUE(record.flags & flag::one_way);
    EXPECT_TRUE(is_assumed(record));
    EXPECT_EQ(data.interval.assumed.size(), 1u);
    expect_everywhere(Outcome::refused, 1);
    expect_everywhere(Outcome::unsolicited, 0);
    EXPECT_EQ(totals_.attempts(), 1u);
    EXPECT_EQ(totals_.outcomes.final[tally::index(Outcome::unsolicited)], 1u) << "final counts never fall";
}

TEST_F(UnseenDirectionTest, WhereBothDirectionsAreSeenItIsBackscatter) {
    show_both_directions();
    EXPECT_EQ(lone_refusal(1, 9).interval.records[0].outcome, Outcome::unsolicited);
    expect_everywhere(Outcome::unsolicited, 1);
    EXPECT_EQ(totals_.attempts(), 0u);
}

TEST_F(UnseenDirectionTest, WhatShowsTheOtherDirectionLaterTakesAllBack) {
    for (std::uint32_t i = 0; i < 10; ++i) lone_refusal(i % 3, 20 + i % 4);
    synacks(5, 30, 2);
    EXPECT_EQ(totals_.attempts(), 11u);
    EXPECT_EQ(unseen_.assumed(), 11u);
    expect_everywhere(Outcome::refused, 10);
    expect_everywhere(Outcome::handshake_incomplete, 1);
    EXPECT_TRUE(unseen_.assumptions().hold_for(address(1)));
    show_both_directions();
    EXPECT_EQ(totals_.attempts(), 0u);
    EXPECT_EQ(unseen_.assumed(), 0u);
    expect_everywhere(Outcome::refused, 0);
    expect_everywhere(Outcome::handshake_incomplete, 0);
    expect_everywhere(Outcome::unsolicited, 11);
    EXPECT_FALSE(unseen_.assumptions().hold_for(address(1)));
}

TEST_F(UnseenDirectionTest, AnAnsweredSynAckShowsTheOtherDirection) {
    lone_refusal(1, 9);
    IntervalData data(++second_);
    data.accepted(endpoint(7, 1), endpoint(8, 80), second_ * tally::second);
    take(data);
    expect_everywhere(Outcome::refused, 1);  // it may be inferred from the server's packets
    show_both_directions();
    expect_everywhere(Outcome::refused, 0);

    UnseenDirection other(true);
    unseen_ = other;
    lone_refusal(1, 9);
    expect_everywhere(Outcome::refused, 1);
    synacks(2, 9, 1, true);
    expect_everywhere(Outcome::refused, 0);
}

TEST_F(UnseenDirectionTest, SynAcksAgainAreAHandshakeNotCompleted) {
    EXPECT_EQ(synacks(1, 9, 1).interval.records[0].outcome, Outcome::unsolicited) << "it may have been acknowledged";
    const IntervalData data = synacks(1, 9, 2);
    EXPECT_EQ(data.interval.records[0].outcome, Outcome::handshake_incomplete);
    EXPECT_TRUE(is_assumed(data.interval.records[0]));
}

TEST_F(UnseenDirectionTest, NothingIsAssumedOfWhomReflectorsFlood) {
    lone_refusal(1, 9);
    synacks(1, 20, 2);
    synacks(1, 21, 1);
    synacks(1, 21, 5);
    lone_refusal(2, 9);
    expect_everywhere(Outcome::refused, 2);
    expect_everywhere(Outcome::handshake_incomplete, 2);
    EXPECT_EQ(unseen_.assumed(), 4u);
    synacks(1, 22, 1);
    EXPECT_EQ(unseen_.assumed(), 1u);
    expect_everywhere(Outcome::refused, 1);
    expect_everywhere(Outcome::handshake_incomplete, 0);
    EXPECT_FALSE(unseen_.assumptions().hold_for(address(1)));
    EXPECT_TRUE(unseen_.assumptions().hold_for(address(2)));
    EXPECT_EQ(lone_refusal(1, 9).interval.records[0].outcome, Outcome::unsolicited);
    EXPECT_EQ(totals_.attempts(), 1u);
}

TEST_F(UnseenDirectionTest, AForgedLoneRefusalIsADevices) {
    IntervalData data(++second_);
    data.judged(endpoint(1, 1), endpoint(9, 443), Outcome::midstream, 1).from_hops(3);
    take(data);
    EXPECT_EQ(lone_refusal(1, 9, 61).interval.records[0].outcome, Outcome::refused);
    EXPECT_EQ(lone_refusal(1, 9, 64).interval.records[0].outcome, Outcome::refused_by_device);
    show_both_directions();
    expect_everywhere(Outcome::refused_by_device, 0);
    expect_everywhere(Outcome::unsolicited, 2);
}

TEST_F(UnseenDirectionTest, RoomIsBounded) {
    unseen_ = UnseenDirection(true, {.pairs = 4, .clients = 2});
    for (std::uint32_t client = 0; client < 10; ++client) lone_refusal(client, 9);
    lone_refusal(0, 9);
    expect_everywhere(Outcome::refused, 5);
    EXPECT_EQ(unseen_.overflowed(), 6u);
    for (std::uint32_t client = 20; client < 25; ++client) synacks(client, 9, 1);
    EXPECT_EQ(unseen_.overflowed(), 9u);
}

}  // namespace
}  // namespace rstwatch::control
