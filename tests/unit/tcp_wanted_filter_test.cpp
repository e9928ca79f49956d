// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tcp/wanted_filter.h"

#include <gtest/gtest.h>

namespace rstwatch::tcp {
namespace {

constexpr packet::TupleFold wanted{0x123456789abcdef, 0x1234};
constexpr packet::TupleFold other{0x123456789abcdef, 0x1235};
constexpr packet::TupleFold of_same_hash{0x123456789abcdee, 0x1235};  // the ports are laid over the addresses

TEST(WantedFilter, WantsWhatWasAddedUntilItIsRemoved) {
    WantedFilter filter;
    EXPECT_FALSE(filter.has(wanted));
    filter.add(wanted);
    EXPECT_TRUE(filter.has(wanted));
    EXPECT_FALSE(filter.has(other));
    filter.remove(wanted);
    EXPECT_FALSE(filter.has(wanted));
}

TEST(WantedFilter, ConnectionsThatShareAHashDoNotTakeItFromEachOther) {
    WantedFilter filter;
    filter.add(wanted);
    filter.add(of_same_hash);
    filter.remove(wanted);
    EXPECT_TRUE(filter.has(of_same_hash));
    filter.remove(of_same_hash);
    EXPECT_FALSE(filter.has(wanted));
}

TEST(WantedFilter, CounterThatWasNotQuiteFullComesDownAgain) {
    WantedFilter filter;
    for (int i = 0; i < 0xfffe; ++i) filter.add(wanted);
    for (int i = 0; i < 0xfffe; ++i) filter.remove(wanted);
    EXPECT_FALSE(filter.has(wanted));
}

TEST(WantedFilter, CounterThatWasEverFullStays) {
    WantedFilter filter;
    for (int i = 0; i < 0xffff; ++i) filter.add(wanted);
    for (int i = 0; i < 0xffff; ++i) filter.remove(wanted);
    EXPECT_TRUE(filter.has(wanted));
    filter.add(wanted);
    EXPECT_TRUE(filter.has(wanted));
}

}  // namespace
}  // namespace rstwatch::tcp
