// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tcp/duplicate_filter.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace rstwatch::tcp {
namespace {

using packet::PacketView;
constexpr tally::Time start = 1'000'000'000;
constexpr DuplicateLimits limits{2000, 200};

PacketView segment(std::uint16_t ip_id = 7) {
    PacketView view;
    view.ttl = 64;
    view.ip_id = ip_id;
    view.tcp_flags = packet::tcp_flag::ack;
    view.tcp_checksum = 0x1234;
    view.window = 500;
    view.sequence = 1000;
    view.acknowledgement = 2000;
    view.payload_length = 10;
    return view;
}

constexpr std::uint64_t connection = 0x123456789abcdef;

bool is_copy(DuplicateFilter& filter, const PacketView& view, tally::Time time, std::uint64_t of = connection,
             bool source_is_low = true) {
    return filter.is_copy(view, {of, source_is_low, 0, segment_digest(view, of, source_is_low)}, time);
}

/// Of two sessions of a mirror one may cut its packets within the options.
TEST(DuplicateFilter, TellsACopyWithoutItsOptions) {
    DuplicateFilter filter(limits);
    PacketView syn = segment();
    syn.tcp_flags = packet::tcp_flag::syn;
    syn.tcp_options = packet::tcp_option::window_scale;
    EXPECT_FALSE(is_copy(filter, syn, start));
    syn.tcp_options = 0;
    EXPECT_TRUE(is_copy(filter, syn, start));
}

TEST(DuplicateFilter, RecognisesACopyWithinItsTime) {
    for (const auto& [id, limit] : {std::pair<std::uint16_t, tally::Time>{7, 2000}, {0, 200}}) {
        DuplicateFilter filter(limits);
        EXPECT_FALSE(is_copy(filter, segment(id), start));
        EXPECT_TRUE(is_copy(filter, segment(id), start + limit));
        // Counted from the original, so that a keepalive storm does not prolong itself.
        EXPECT_FALSE(is_copy(filter, segment(id), start + limit + 1));
    }
}

TEST(DuplicateFilter, RoutedCopyHasOneHopLess) {
    const auto are_one = [](int of_ttl, int ttl) {
        DuplicateFilter filter(limits);
        PacketView original = segment(), other = segment();
        original.ttl = static_cast<std::uint8_t>(of_ttl);
        other.ttl = static_cast<std::uint8_t>(ttl);
        EXPECT_FALSE(is_copy(filter, original, start));
        return is_copy(filter, other, start + 1);
    };
    for (const int of_ttl : {63, 64}) {
        for (const int hops : {-1, 0, 1}) EXPECT_TRUE(are_one(of_ttl, of_ttl - hops)) << of_ttl << " and " << hops;
        for (const int hops : {-2, 2}) EXPECT_FALSE(are_one(of_ttl, of_ttl - hops)) << of_ttl << " and " << hops;
    }
    EXPECT_FALSE(are_one(64, 255));
}

TEST(DuplicateFilter, WhateverDiffersMakesAnotherSegment) {
    const std::vector<std::function<void(PacketView&)>> changes{
        [](PacketView& view) { ++view.ip_id; },
        [](PacketView& view) { ++view.tcp_checksum; },
        [](PacketView& view) { ++view.window; },
        [](PacketView& view) { ++view.sequence; },
        [](PacketView& view) { ++view.acknowledgement; },
        [](PacketView& view) { ++view.payload_length; },
        [](PacketView& view) { view.tcp_flags |= packet::tcp_flag::psh; },
    };
    for (std::size_t i = 0; i < changes.size(); ++i) {
        DuplicateFilter filter(limits);
        EXPECT_FALSE(is_copy(filter, segment(), start));
        PacketView other = segment();
        changes[i](other);
        EXPECT_FALSE(is_copy(filter, other, start)) << i;
    }
    DuplicateFilter filter(limits);
    EXPECT_FALSE(is_copy(filter, segment(), start));
    EXPECT_FALSE(is_copy(filter, segment(), start, connection, false)) << "the other direction";
    EXPECT_FALSE(is_copy(filter, segment(), start, connection + 1)) << "another connection";
}

TEST(DuplicateFilter, RecognisesBurstsThatComeTwice) {
    DuplicateFilter filter(limits);
    for (int burst = 0; burst < 100; ++burst) {
        const tally::Time time = start + static_cast<tally::Time>(burst) * 100;
        for (const bool again : {false, true}) {
            for (std::uint16_t i = 0; i < 50; ++i) {
                PacketView view = segment(static_cast<std::uint16_t>(burst * 50 + i + 1));
                view.sequence = 1000u + i;
                EXPECT_EQ(is_copy(filter, view, time + i), again);
            }
        }
    }
    EXPECT_EQ(filter.overflowed(), 0U);
}

TEST(DuplicateFilter, CountsWhatItForgetsTooSoon) {
    DuplicateFilter filter(limits);
    const std::size_t many = 2 * DuplicateFilter::capacity();
    for (std::size_t i = 0; i < many; ++i) {
        PacketView view = segment();
        view.sequence = static_cast<std::uint32_t>(i);
        EXPECT_FALSE(is_copy(filter, view, start));
    }
    // Sets fill unevenly, so some give way before all are full.
    EXPECT_GE(filter.overflowed(), many - DuplicateFilter::capacity());
    EXPECT_LT(filter.overflowed(), many);
}

TEST(DuplicateFilter, NothingIsForgottenWhereNothingWas) {
    DuplicateFilter filter(limits);
    EXPECT_FALSE(is_copy(filter, segment(), 100));  // some captures count from 1970
    EXPECT_EQ(filter.overflowed(), 0U);
}

TEST(DuplicateFilter, ForgettingIsTooSoonUpToTheLimit) {
    for (const auto& [age, lost] : {std::pair<tally::Time, std::uint64_t>{2000, 1}, {2001, 0}}) {
        DuplicateFilter filter(limits);
        PacketView view = segment();
        for (view.sequence = 0; view.sequence < 8 * DuplicateFilter::capacity(); ++view.sequence)
            EXPECT_FALSE(is_copy(filter, view, start));  // fills every set
        const std::uint64_t before = filter.overflowed();
        EXPECT_FALSE(is_copy(filter, view, start + age));
        EXPECT_EQ(filter.overflowed() - before, lost) << age;
    }
}

TEST(DuplicateFilter, OldSegmentsGiveWayWithoutLoss) {
    DuplicateFilter filter(limits);
    for (std::size_t i = 0; i < 4 * DuplicateFilter::capacity(); ++i) {
        PacketView view = segment();
        view.sequence = static_cast<std::uint32_t>(i);
        EXPECT_FALSE(is_copy(filter, view, start + i * 10));
    }
    EXPECT_EQ(filter.overflowed(), 0U);
}

}  // namespace
}  // namespace rstwatch::tcp
