// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tally/spsc_ring.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace rstwatch::tally {
namespace {

TEST(SpscRing, CapacityIsAPowerOfTwo) {
    EXPECT_EQ(SpscRing<int>(1).capacity(), 1U);
    EXPECT_EQ(SpscRing<int>(3).capacity(), 4U);
    EXPECT_EQ(SpscRing<int>(4).capacity(), 4U);
    EXPECT_EQ(SpscRing<int>(5).capacity(), 8U);
}

TEST(SpscRing, GivesBackInOrderAndSaysWhenFull) {
    SpscRing<int> ring(4);
    int values[5] = {};
    EXPECT_EQ(ring.pop(), nullptr);
    for (int round = 0; round < 10; ++round) {
        for (int i = 0; i < 4; ++i) EXPECT_TRUE(ring.push(&values[i]));
        EXPECT_FALSE(ring.push(&values[4]));
        EXPECT_EQ(ring.pop(), &values[0]);
        EXPECT_TRUE(ring.push(&values[4]));
        for (int i = 1; i < 5; ++i) EXPECT_EQ(ring.pop(), &values[i]);
        EXPECT_EQ(ring.pop(), nullptr);
    }
}

TEST(SpscRing, SaysWhetherThereIsRoom) {
    SpscRing<int> ring(4);
    int value = 0;
    EXPECT_TRUE(ring.has_room(4));
    EXPECT_FALSE(ring.has_room(5));
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(ring.push(&value));
    EXPECT_TRUE(ring.has_room(1));
    EXPECT_FALSE(ring.has_room(2));
    EXPECT_EQ(ring.pop(), &value);
    EXPECT_TRUE(ring.has_room(2));
    EXPECT_FALSE(ring.has_room(3));
}

TEST(SpscRing, TwoThreadsPassEverythingInOrderAndComplete) {
    constexpr std::size_t count = 200'000;
    struct Item {
        std::size_t number = 0;  // plain: the ring alone orders the accesses
    };
    SpscRing<Item> ring(64);
    std::vector<Item> items(count);
    std::thread producer([&] {
        for (std::size_t i = 0; i < count; ++i) {
            items[i].number = i + 1;
            while (!ring.push(&items[i])) std::this_thread::yield();
        }
    });
    std::size_t wrong = 0;
    for (std::size_t expected = 1; expected <= count;) {
        const Item* item = ring.pop();
        if (item == nullptr) {
            std::this_thread::yield();
            continue;
        }
        wrong += item->number != expected;
        ++expected;
    }
    producer.join();
    EXPECT_EQ(wrong, 0U);
    EXPECT_EQ(ring.pop(), nullptr);
}

}  // namespace
}  // namespace rstwatch::tally
