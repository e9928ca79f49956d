// SPDX-License-Identifier: Apache-2.0
#include "tests/support/mutator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

namespace rstwatch::test {
namespace {

Bytes counting(std::size_t size) {
    Bytes bytes(size);
    std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
    return bytes;
}

TEST(Mutator, SameSeedSameBytes) {
    for (std::uint64_t seed = 0; seed < 50; ++seed)
        EXPECT_EQ(Mutator(seed).mutate(counting(200)), Mutator(seed).mutate(counting(200)));
    // The numbers themselves are part of the promise: a failing seed must fail on every machine.
    EXPECT_EQ(Mutator(1).mutate(Bytes(8, 0x11)), (Bytes{0xA5, 0x11, 0x11, 0x11, 0x11, 0x11, 0x19, 0x11}));
    EXPECT_EQ(Mutator(7).mutate(Bytes(8, 0x11)), (Bytes{0x00, 0x00, 0x5F, 0x00, 0x11, 0x11, 0x13, 0x00}));
}

TEST(Mutator, SeedsDifferAndMostChangeSomething) {
    std::set<Bytes> results;
    for (std::uint64_t seed = 0; seed < 200; ++seed) results.insert(Mutator(seed).mutate(counting(200)));
    EXPECT_GT(results.size(), 190U);
}

TEST(Mutator, MakesInputsShorterAndLonger) {
    bool shorter = false, longer = false;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        const std::size_t size = Mutator(seed).mutate(counting(200)).size();
        shorter |= size < 200;
        longer |= size > 200;
    }
    EXPECT_TRUE(shorter);
    EXPECT_TRUE(longer);
}

TEST(Mutator, KeepsThePrefix) {
    const Bytes original = counting(100);
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
        const Bytes mutated = Mutator(seed).keep_prefix(24).mutate(original);
        ASSERT_GE(mutated.size(), 24U);
        EXPECT_TRUE(std::equal(mutated.begin(), mutated.begin() + 24, original.begin())) << seed;
    }
}

TEST(Mutator, TakesAnyInput) {
    for (std::uint64_t seed = 0; seed < 200; ++seed)
        for (std::size_t size = 0; size < 4; ++size) Mutator(seed).mutate(counting(size), Bytes{});
    EXPECT_EQ(Mutator(1).keep_prefix(100).mutate(counting(3)), counting(3));
}

TEST(Mutator, MutatesAShareOfTheFrames) {
    const std::vector<TimedFrame> frames(1000, TimedFrame{7, counting(60), 0});
    const auto changed = [&](double share) {
        const auto mutated = Mutator(5).mutate(frames, share);
        EXPECT_EQ(mutated.size(), frames.size());
        return std::count_if(mutated.begin(), mutated.end(),
                             [&](const TimedFrame& frame) { return frame.bytes != frames[0].bytes; });
    };
    EXPECT_EQ(changed(0), 0);
    EXPECT_NEAR(static_cast<double>(changed(0.25)), 250, 60);
    EXPECT_GT(changed(1), 950);
}

}  // namespace
}  // namespace rstwatch::test
