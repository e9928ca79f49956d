// SPDX-License-Identifier: Apache-2.0
#include "control/registry/distinct_clients.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

using test::address;

tally::IpAddress address_v6(std::uint64_t number) {
    std::uint8_t bytes[16] = {0x20, 0x01, 0x0d, 0xb8};
    for (int i = 0; i < 8; ++i) bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
    return tally::IpAddress::v6(bytes);
}

TEST(DistinctClients, IsExactUpTo32) {
    SketchBudget budget{0, 0};
    DistinctClients clients;
    EXPECT_EQ(clients.count(), 0u);
    for (std::uint32_t i = 0; i < 32; ++i) {
        for (int repeat = 0; repeat < 3; ++repeat) clients.add(address(i * 7), budget);
        EXPECT_EQ(clients.count(), i + 1);
        EXPECT_EQ(clients.error(), 0u);
    }
    for (std::uint32_t i = 0; i < 32; ++i) clients.add(address(i * 7), budget);
    EXPECT_EQ(clients.count(), 32u);
    EXPECT_FALSE(clients.is_saturated());
    EXPECT_EQ(budget.refused, 0u) << "repeated clients need no sketch";
}

TEST(DistinctClients, CountsThoseThatAreNotAmongOthers) {
    SketchBudget budget{1, 0};
    DistinctClients some, others;
    for (std::uint32_t i = 0; i < 10; ++i) some.add(address(i), budget);
    EXPECT_EQ(some.count_without(others), 10u);
    for (std::uint32_t i = 7; i < 20; ++i) others.add(address(i), budget);
    EXPECT_EQ(some.count_without(others), 7u);
    EXPECT_EQ(some.count_without(some), 0u);
    for (std::uint32_t i = 100; i < 200; ++i) others.add(address(i), budget);
    EXPECT_EQ(some.count_without(others), 10u) << "an estimate knows no members";
}

TEST(DistinctClients, TellsFamiliesApart) {
    SketchBudget budget{1, 0};
    DistinctClients clients;
    const std::uint8_t mapped_from[] = {10, 0, 0, 1};
    clients.add(tally::IpAddress::v4(mapped_from), budget);
    clients.add(address(1), budget);  // the same
    clients.add(address_v6(1), budget);
    EXPECT_EQ(clients.count(), 2u);
}

TEST(DistinctClients, TheThirtyThirdTakesASketchFromTheBudget) {
    SketchBudget budget{1, 0};
    DistinctClients clients;
    for (std::uint32_t i = 0; i < 33; ++i) clients.add(address(i), budget);
    EXPECT_EQ(budget.left, 0u);
    EXPECT_EQ(clients.count(), 33u) << "linear counting is as good as exact that far down";
    EXPECT_GT(clients.error(), 0u);
    EXPECT_FALSE(clients.is_saturated());
}

TEST(DistinctClients, BeginsAnewAndGivesItsSketchBack) {
    SketchBudget budget{1, 0};
    DistinctClients clients;
    clients.clear();
    for (int round = 0; round < 3; ++round) {
        for (std::uint32_t i = 0; i < 100; ++i) clients.add(address(i), budget);
        EXPECT_EQ(budget.left, 0u);
        clients.clear();
        EXPECT_EQ(budget.left, 1u);
        EXPECT_EQ(clients.count(), 0u);
        clients.add(address(7), budget);
        EXPECT_EQ(clients.count(), 1u) << "exact once more";
        EXPECT_EQ(clients.error(), 0u);
    }
    EXPECT_EQ(budget.refused, 0u);
}

/// The error that is shown is two standard errors: 5 % of estimates may be further off, one in six must not.
template <typename Address>
void expect_within_error(std::uint64_t size, Address&& address_of) {
    constexpr unsigned sets = 60;
    unsigned outside = 0;
    for (std::uint64_t set = 0; set < sets; ++set) {
        SketchBudget budget{1, 0};
        DistinctClients clients;
        for (std::uint64_t i = 0; i < size; ++i) clients.add(address_of(set * size + i), budget);
        const double off = std::abs(static_cast<double>(clients.count()) - static_cast<double>(size));
        outside += off > static_cast<double>(clients.error());
        EXPECT_LT(off, 0.1 * static_cast<double>(size)) << "six standard errors, set " << set;
        EXPECT_LE(clients.error(), size / 20);
    }
    EXPECT_LE(outside, sets / 6) << "of " << sets << " sets of " << size;
}

TEST(DistinctClients, EstimatesAreWithinTheErrorThatIsShown) {
    const auto v4 = [](std::uint64_t i) { return address(static_cast<std::uint32_t>(i)); };
    for (const std::uint64_t size : {1'000u, 3'000u, 9'000u, 12'000u, 30'000u, 100'000u}) expect_within_error(size, v4);
}

/// Where linear counting hands over to the estimate of the paper both are at their worst.
TEST(DistinctClients, EstimatesAreWithinTheErrorThatIsShownWhereTheMethodsMeet) {
    const auto v4 = [](std::uint64_t i) { return address(static_cast<std::uint32_t>(i)); };
    for (const std::uint64_t size : {10'000u, 10'500u}) expect_within_error(size, v4);
}

TEST(DistinctClients, EstimatesIpv6AsWell) {
    for (const std::uint64_t size : {1'000u, 30'000u, 100'000u}) expect_within_error(size, address_v6);
}

TEST(DistinctClients, AddressesThatDifferInHighBitsOnlyAreDistinct) {
    SketchBudget budget{1, 0};
    DistinctClients clients;
    for (std::uint32_t i = 0; i < 10'000; ++i) {
        std::uint8_t bytes[16] = {static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)};
        bytes[15] = 1;
        clients.add(tally::IpAddress::v6(bytes), budget);
    }
    EXPECT_NEAR(static_cast<double>(clients.count()), 10'000, 800);
}

TEST(DistinctClients, WithoutASketchTheLeastIsKnown) {
    SketchBudget budget{0, 0};
    DistinctClients clients;
    for (std::uint32_t i = 0; i < 1000; ++i) clients.add(address(i), budget);
    EXPECT_TRUE(clients.is_saturated());
    EXPECT_EQ(clients.count(), 32u);
    EXPECT_EQ(budget.refused, 1u) << "one counter, not one per client";
}

TEST(DistinctClients, DoesNotDependOnTheOrder) {
    SketchBudget budget{2, 0};
    DistinctClients forwards, backwards;
    for (std::uint32_t i = 0; i < 5000; ++i) forwards.add(address(i), budget);
    for (std::uint32_t i = 5000; i-- > 0;) backwards.add(address(i), budget);
    EXPECT_EQ(forwards.count(), backwards.count());
}

}  // namespace
}  // namespace rstwatch::control
