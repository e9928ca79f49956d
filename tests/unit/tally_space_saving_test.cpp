// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tally/space_saving.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "dataplane/tally/address.h"

namespace rstwatch::tally {
namespace {

struct Counted {
    std::uint32_t key = 0;
    std::uint64_t count = 0;
    std::uint64_t merit = 0;  ///< keeps a row beyond what it counts
    std::uint64_t error = 0;
    std::uint64_t weight() const { return count; }
    std::uint64_t worth() const { return count + merit; }
};
using Table = SpaceSavingTable<Counted>;

std::uint64_t hashed(std::uint32_t key) {
    return mix(key + 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93);
}

void count(Table& table, std::uint32_t key, std::uint64_t amount = 1) {
    table.at(key, hashed(key)).count += amount;
}

std::uint64_t sum(const Table& table) {
    std::uint64_t total = table.other();
    for (const Counted& row : table.rows()) total += row.count;
    return total;
}

TEST(SpaceSaving, IsExactUpToItsCapacity) {
    Table table(100);
    for (std::uint32_t round = 0; round < 3; ++round)
        for (std::uint32_t key = 0; key < 100; ++key) count(table, key, key);
    EXPECT_EQ(table.size(), 100U);
    EXPECT_EQ(table.capacity(), 100U);
    EXPECT_EQ(table.overflowed(), 0U);
    EXPECT_EQ(table.other(), 0U);
    for (std::uint32_t key = 0; key < 100; ++key) {
        const Counted* row = table.find(key, hashed(key));
        ASSERT_NE(row, nullptr);
        EXPECT_EQ(row->count, 3 * key);
        EXPECT_EQ(row->error, 0U);
    }
    EXPECT_EQ(table.find(100, hashed(100)), nullptr);
}

TEST(SpaceSaving, EqualHashesAreToldApartByTheirKeys) {
    Table table(8);
    for (std::uint32_t key = 0; key < 8; ++key) table.at(key, 42).count += key + 1;
    for (std::uint32_t key = 0; key < 8; ++key) EXPECT_EQ(table.find(key, 42)->count, key + 1);
    EXPECT_EQ(table.find(9, 42), nullptr);
}

TEST(SpaceSaving, TheLightestGivesWayAndLeavesItsBound) {
    Table table(3);
    count(table, 1, 10);
    count(table, 2, 4);
    count(table, 3, 7);
    count(table, 4, 1);
    EXPECT_EQ(table.overflowed(), 1U);
    EXPECT_EQ(table.other(), 4U);
    EXPECT_EQ(table.find(2, hashed(2)), nullptr);
    EXPECT_EQ(table.find(4, hashed(4))->count, 1U);
    EXPECT_EQ(table.find(4, hashed(4))->error, 4U);
    count(table, 2, 1);  // 4 weighs 1, but may have been 5
    EXPECT_EQ(table.find(4, hashed(4)), nullptr);
    EXPECT_EQ(table.other(), 5U);
    EXPECT_EQ(table.find(2, hashed(2))->error, 5U);
    EXPECT_EQ(table.find(1, hashed(1))->count, 10U);
    EXPECT_EQ(table.size(), 3U);
}

TEST(SpaceSaving, WorthDecidesWhoGivesWayAndWeightWhatIsLeft) {
    Table table(2);
    count(table, 1, 3);
    table.at(1, hashed(1)).merit = 100;
    count(table, 2, 50);
    count(table, 3, 1);
    EXPECT_NE(table.find(1, hashed(1)), nullptr);
    EXPECT_EQ(table.find(2, hashed(2)), nullptr);
    EXPECT_EQ(table.other(), 50U);
    EXPECT_GE(table.find(3, hashed(3))->error, 50U);
    EXPECT_EQ(sum(table), 54U);
}

TEST(SpaceSaving, OneRowIsEnoughToCount) {
    Table table(0);
    EXPECT_EQ(table.capacity(), 1U);
    for (std::uint32_t key = 0; key < 50; ++key) count(table, key);
    EXPECT_EQ(table.size(), 1U);
    EXPECT_EQ(sum(table), 50U);
    EXPECT_EQ(table.find(49, hashed(49))->count, 1U);
}

class SpaceSavingStream : public testing::TestWithParam<std::size_t> {};

TEST_P(SpaceSavingStream, SumsAreExactAndErrorsAreBounds) {
    Table table(GetParam());
    std::map<std::uint32_t, std::uint64_t> truth;
    std::mt19937 random(5);
    std::uint64_t total = 0;
    for (int i = 0; i < 20000; ++i) {
        const std::uint32_t key = i % 4 == 0 ? 7 : static_cast<std::uint32_t>(random() % 1000 + 100);
        const std::uint64_t amount = random() % 3 + 1;
        count(table, key, amount);
        truth[key] += amount;
        total += amount;
        if (i % 1000 == 0) {
            ASSERT_EQ(sum(table), total);
        }
    }
    EXPECT_EQ(sum(table), total);
    EXPECT_EQ(table.size(), GetParam());
    EXPECT_GT(table.overflowed(), 0U);
    for (const Counted& row : table.rows()) {
        EXPECT_LE(row.count, truth[row.key]) << row.key;
        EXPECT_GE(row.count + row.error, truth[row.key]) << row.key;
        EXPECT_EQ(table.find(row.key, hashed(row.key)), &row);
    }
    const Counted* heavy = table.find(7, hashed(7));
    ASSERT_NE(heavy, nullptr);
    EXPECT_EQ(heavy->count, truth[7]);
    EXPECT_EQ(heavy->error, 0U);
}

INSTANTIATE_TEST_SUITE_P(Capacities, SpaceSavingStream, testing::Values(9, 16, 64, 200, 333));

TEST(SpaceSaving, ClearForgetsEverything) {
    for (const std::uint32_t keys : {1U, 5U, 60U, 64U, 500U}) {
        Table table(64);
        for (std::uint32_t key = 0; key < keys; ++key) count(table, key, key + 1);
        table.clear();
        EXPECT_EQ(table.size(), 0U);
        EXPECT_EQ(table.other(), 0U);
        EXPECT_EQ(table.overflowed(), 0U);
        for (std::uint32_t key = 0; key < keys; ++key) ASSERT_EQ(table.find(key, hashed(key)), nullptr) << key;
        for (std::uint32_t key = 1000; key < 1064; ++key) count(table, key);
        EXPECT_EQ(table.overflowed(), 0U);
        count(table, 2000);
        EXPECT_EQ(table.other(), 1U);
        EXPECT_EQ(table.find(2000, hashed(2000))->error, 1U);  // not what was displaced before
    }
}

/// Runs of neighbours in the index, cut by rows that give way, must stay searchable and must clear completely.
TEST(SpaceSaving, CrowdedIndexStaysSound) {
    const auto crowd = [](std::uint32_t key) { return std::uint64_t{key % 5 + 60}; };  // homes at the end of 128
    Table table(64);
    for (std::uint32_t key = 0; key < 400; ++key) {
        table.at(key, crowd(key) * 2).count += 1;
        for (const Counted& row : table.rows()) ASSERT_EQ(table.find(row.key, crowd(row.key) * 2), &row);
    }
    EXPECT_EQ(sum(table), 400U);
    table.clear();
    for (std::uint32_t key = 0; key < 400; ++key) ASSERT_EQ(table.find(key, crowd(key) * 2), nullptr);
    for (std::uint32_t key = 0; key < 3; ++key) table.at(key, crowd(key) * 2).count += 1;
    table.clear();  // few rows: each taken out by its hash
    for (std::uint32_t key = 0; key < 3; ++key) ASSERT_EQ(table.find(key, crowd(key) * 2), nullptr);
}

TEST(SpaceSaving, PrefaultChangesNothing) {
    Table table(10);
    table.prefault();
    EXPECT_EQ(table.size(), 0U);
    count(table, 1);
    EXPECT_EQ(table.rows().at(0).count, 1U);
}

}  // namespace
}  // namespace rstwatch::tally
